//! Sales: taking them in from tills.

use std::sync::Arc;

use domain::{
    amount::AmountError,
    id::{CustomerId, SaleId},
    identifier::Identifier,
    sale::{Command, Content, Endpoint, Error, NamedUser, Payer, Receipt, Reply, Sale, UserIdKind},
};

use super::{
    Engine,
    inflight::{Asked, Running},
};
use crate::{
    error::{AskError, EngineError},
    index,
    kinds::Kind,
    record::recover,
};

/// A version of a sale on its way in.
#[derive(Debug, Clone)]
pub struct SaleRequest {
    /// The caller's id of the request.
    pub request_id: Box<str>,
    /// Fingerprint of the request's body.
    pub body: u64,
    /// What was sold.
    pub content: Content,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleAnswer {
    /// The answer.
    pub receipt: Receipt,
    /// It was given before, to the same request id.
    pub replayed: bool,
    /// And then to another body.
    pub other_body: bool,
}

/// Why a sale was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum SaleError {
    /// A request of the same id is still running.
    #[error("a request of that id is still running")]
    Pending,
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Takes a version of a sale in. Answers when it is durable; what it earns is then on its way, in front of
    /// anything that is asked of the members next.
    pub async fn send_sale(&self, request: SaleRequest) -> Result<SaleAnswer, SaleError> {
        let key = index::requests::key(Endpoint::SendTransaction, &request.request_id);
        let running = self.inner.inflight.enter(&key).ok_or(SaleError::Pending)?;
        self.record_sale(request, Endpoint::SendTransaction, running).await
    }

    /// Records a version, unless its request was answered before. `running`: no other of its id is, under the key that
    /// its answer is kept under.
    pub(super) async fn record_sale(
        &self,
        request: SaleRequest,
        endpoint: Endpoint,
        running: Running,
    ) -> Result<SaleAnswer, SaleError> {
        let SaleRequest { request_id, body, content } = request;
        self.admit()?;
        let row = self.inner.shared.store.get(index::REQUESTS, running.key()).map_err(EngineError::from)?;
        if let Some(row) = row
            && let Some(answered) = index::requests::read(&row, self.now())?
        {
            let other_body = answered.body != body;
            return Ok(SaleAnswer { receipt: answered.receipt, replayed: true, other_body });
        }
        let (payers, unknown_user) = self.payers(&content).await?;
        let retailer = self.program().retailer().id;
        let id = SaleId::derive(retailer, content.store, &content.transaction_id);
        let command = Command::Record {
            id,
            request_id,
            request_body: body,
            content: Arc::new(content),
            payers,
            unknown_user,
            endpoint,
        };
        match Asked::new(self.start::<Sale>(id.bytes(), command)?, running).wait().await {
            Ok(Reply::Recorded(receipt)) => Ok(SaleAnswer { receipt, replayed: false, other_body: false }),
            Ok(Reply::Forgotten | Reply::Noted) | Err(AskError::Refused(Error::Superseded)) => {
                tracing::error!("a sale got the answer to something else");
                Err(EngineError::Crashed.into())
            }
            Err(AskError::Refused(Error::Amount(error))) => Err(error.into()),
            Err(AskError::Engine(error)) => Err(error.into()),
        }
    }

    /// A sale as it is on disk; nothing when it has never been heard of.
    pub async fn sale(&self, id: SaleId) -> Result<Option<Sale>, EngineError> {
        self.load_sale(id)
    }

    pub(super) fn load_sale(&self, id: SaleId) -> Result<Option<Sale>, EngineError> {
        let loaded = self.inner.shared.store.load(Kind::Sale.key(id.bytes()))?;
        let sale: Sale = recover(loaded.snapshot.as_deref(), loaded.records.iter().map(AsRef::as_ref))
            .map_err(|error| {
                tracing::error!(%error, "a sale cannot be recovered");
                EngineError::Damaged
            })?;
        Ok(sale.current().is_some().then_some(sale))
    }

    /// The members named on a sale, and whether one was named that nobody is. Those of the payments; if there are
    /// none, the one of the envelope; then those of the discounts (pos-offers.md B.4, catalog-transactions.md F.5).
    pub(super) async fn payers(&self, content: &Content) -> Result<(Vec<Payer>, bool), EngineError> {
        let (mut payers, mut unknown) = (Vec::new(), false);
        for (place, payment) in (0_u16..).zip(&content.payments) {
            let named = payment.user.iter().chain(&payment.additional_user);
            let mut found = None;
            let mut any = false;
            for user in named {
                any = true;
                found = self.member(user).await?;
                if found.is_some() {
                    break;
                }
            }
            match found {
                Some(customer) => payers.push(Payer { payment: Some(place), customer }),
                None => unknown |= any,
            }
        }
        if payers.is_empty() {
            let elsewhere = content
                .envelope_user_id
                .iter()
                .chain(content.discounts.iter().filter_map(|discount| discount.user_id.as_ref()));
            for id in elsewhere {
                match self.member_of_any_kind(id).await? {
                    Some(customer) => {
                        payers.push(Payer { payment: None, customer });
                        break;
                    }
                    None => unknown = true,
                }
            }
        }
        Ok((payers, unknown))
    }

    async fn member(&self, user: &NamedUser) -> Result<Option<CustomerId>, EngineError> {
        if user.kind == UserIdKind::Platform {
            return self.member_of_platform_id(&user.id).await;
        }
        match user.identifier() {
            Some(identifier) => self.find_customer(&identifier).await,
            None => Ok(None),
        }
    }

    async fn member_of_platform_id(&self, text: &str) -> Result<Option<CustomerId>, EngineError> {
        let Ok(id) = text.parse::<CustomerId>() else { return Ok(None) };
        Ok(self.customer_exists(id).await?.then_some(id))
    }

    /// A member named without a kind: the platform's GUID first, then any external id.
    async fn member_of_any_kind(&self, text: &str) -> Result<Option<CustomerId>, EngineError> {
        match self.member_of_platform_id(text).await? {
            Some(id) => Ok(Some(id)),
            None => self.find_customer(&Identifier::external(text)).await,
        }
    }
}
