//! One request of the configuration endpoints: its body, and the way to the engine.

use actors::{Doomed, EditError, EngineError};
use domain::{
    Timestamp,
    allotment::Amounts,
    configuration::{Edit, Json, Object, ObjectKind, Objects, Operation, Refusal},
    customer::Customer,
    id::AllotmentId,
    id::RetailerId,
    program::Program,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    incentives::{
        IncentivesCode, IncentivesError,
        request::{find_user, no_such_customer},
    },
    state::HttpState,
};

/// What the endpoint's description says.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct ConfigurationPayload(pub Json);

/// A request whose tenant has been checked.
pub struct Call<'a> {
    state: &'a HttpState,
    body: Json,
}

impl<'a> Call<'a> {
    /// Reads the body and checks the tenant.
    pub fn read(state: &'a HttpState, bytes: &[u8]) -> Result<Self, IncentivesError> {
        let text = std::str::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let body = Json::parse(text).map_err(malformed)?;
        if !matches!(body, Json::Object(_)) {
            return Err(malformed("the body is not a JSON object"));
        }
        let Some(sent) = body.get("retailer_id") else {
            return Err(malformed("retailer_id is required"));
        };
        let retailer = match sent {
            Json::Text(text) => text.parse::<RetailerId>().ok(),
            Json::Null | Json::Flag(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
        };
        let retailer = retailer.ok_or_else(|| malformed("retailer_id must be a GUID"))?;
        if retailer != state.program().retailer().id {
            let message = "The credentials are not those of this retailer.";
            return Err(IncentivesError::new(IncentivesCode::RetailerNotAuthorized, message));
        }
        Ok(Self { state, body })
    }

    /// The body.
    pub fn body(&self) -> &Json {
        &self.body
    }

    /// A boolean of the body; absent is false.
    pub fn flag(&self, name: &str) -> Result<bool, IncentivesError> {
        match (self.body().get_flag(name), self.body().get(name)) {
            (Some(flag), _) => Ok(flag),
            (None, None) => Ok(false),
            (None, Some(_)) => Err(malformed(format!("{name} must be true or false"))),
        }
    }

    /// A whole number of the body.
    pub fn whole(&self, name: &str) -> Result<Option<i64>, IncentivesError> {
        match (self.body().get_whole(name), self.body().get(name)) {
            (Some(number), _) => Ok(Some(number)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(malformed(format!("{name} must be a whole number"))),
        }
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> Result<Option<&str>, IncentivesError> {
        match (self.body().get_text(name), self.body().get(name)) {
            (Some(text), _) => Ok(Some(text)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(malformed(format!("{name} must be a string"))),
        }
    }

    /// An id of the body.
    pub fn id(&self, name: &str) -> Result<Option<Uuid>, IncentivesError> {
        match (self.body().get_id(name), self.body().get(name)) {
            (Some(id), _) => Ok(Some(id)),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(malformed(format!("{name} must be a GUID"))),
        }
    }

    /// A text of the body that must be there.
    pub fn required_text(&self, name: &str) -> Result<&str, IncentivesError> {
        self.text(name)?.ok_or_else(|| malformed(format!("{name} is required")))
    }

    /// The ids in an array of the body, each with the text it was sent as; nothing when there is no array.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<(Json, Uuid)>>, IncentivesError> {
        let Some(sent) = self.body().get(name) else { return Ok(None) };
        let Json::Array(elements) = sent else { return Err(malformed(format!("{name} must be an array"))) };
        let id = |(place, element): (usize, &Json)| {
            let id = match element {
                Json::Text(text) => Uuid::parse_str(text.trim()).ok(),
                Json::Null | Json::Flag(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
            };
            let id = id.ok_or_else(|| malformed(format!("{name}[{place}] must be a GUID")))?;
            Ok((element.clone(), id))
        };
        elements.iter().enumerate().map(id).collect::<Result<_, _>>().map(Some)
    }

    /// Looks at the customer that `user_id` of the body names, as of now.
    pub async fn look_at_user<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Customer, &Program, Timestamp) -> R + Send + 'static,
    ) -> Result<R, IncentivesError> {
        let user = find_user(self.state, self.required_text("user_id")?).await?;
        let user = user.ok_or_else(no_such_customer)?;
        self.state.engine().read_customer(user, look).await?.ok_or_else(no_such_customer)
    }

    /// Says whether an edit with the body could be made.
    pub async fn check(&self, operation: Operation) -> Result<(), EditError> {
        let edit = Edit { operation, body: self.body().clone(), check_only: true };
        self.state.engine().edit(edit).await.map(|_| ())
    }

    /// Every version of an object with the time it was made, oldest first.
    pub async fn versions(
        &self,
        kind: ObjectKind,
        id: Uuid,
    ) -> Result<Vec<(Timestamp, Object)>, IncentivesError> {
        Ok(self.state.engine().object_versions(kind, id).await?)
    }

    /// Edits with the body; gives the object that was edited, unless it is gone.
    pub async fn edit(&self, operation: Operation) -> Result<Option<Object>, IncentivesError> {
        let edit = Edit { operation, body: self.body().clone(), check_only: false };
        Ok(self.state.engine().edit(edit).await?)
    }

    /// Deletes the tier level or system of the body's `id`, when it has no members.
    pub async fn delete_tier(&self, doomed: impl FnOnce(Uuid) -> Doomed) -> Result<(), IncentivesError> {
        let id = self.id("id")?.ok_or_else(|| malformed("id is required"))?;
        Ok(self.state.engine().delete_tier(doomed(id)).await?)
    }

    /// Edits with the body something that is there afterwards; gives it, and all objects.
    pub async fn edited(&self, operation: Operation) -> Result<(Objects, Object), IncentivesError> {
        let object = self.edit(operation).await?;
        let object = object.ok_or(EngineError::Crashed)?;
        Ok((self.objects().await?, object))
    }

    /// What has been taken of something that all customers share.
    pub async fn taken_of(&self, allotment: AllotmentId) -> Result<Amounts, IncentivesError> {
        Ok(self.state.engine().taken_of(allotment).await?)
    }

    /// The objects of the program, as of now.
    pub async fn objects(&self) -> Result<Objects, IncentivesError> {
        let objects = |configuration: &domain::configuration::Configuration| configuration.objects().clone();
        Ok(self.state.engine().read_configuration(move |configuration, _, _| objects(configuration)).await?)
    }

    /// The object that a member of the body names, and all objects.
    pub async fn named(&self, kind: ObjectKind, name: &str) -> Result<(Objects, Object), IncentivesError> {
        let id = self.id(name)?.ok_or_else(|| malformed(format!("{name} is required")))?;
        let objects = self.objects().await?;
        let object = objects.get(kind, id).cloned();
        Ok((objects, object.ok_or(Refusal::NotFound(kind))?))
    }
}

/// A body that cannot be read.
pub fn malformed(message: impl Into<String>) -> IncentivesError {
    IncentivesError::new(IncentivesCode::InvalidRequest, message)
}
