//! Sales in bulk: streamed both ways.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{RETAILER, Server, basic, run, sale};

const PATH: &str = "/api/2.0/send_transactions";

async fn bulk(server: &Server, body: &str) -> Vec<Value> {
    let answer = server.ask("POST", PATH, &basic(&server.keys.pos), body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_is_answered_in_order_and_a_bad_one_does_not_end_the_stream() {
    run(async |server| {
        server.member("900").await;
        let mut lines: Vec<String> =
            (0..600).map(|n| sale(&format!("r{n}"), &format!("T{n}"), "900", 1.0).to_string()).collect();
        lines[3] = "not json".into();
        lines[5] = json!({"request_id": "r5"}).to_string();
        lines.push(format!("{{\"request_id\":\"long\",\"x\":\"{}\"}}", "x".repeat(1 << 20)));
        lines.push(sale("r601", "T601", "900", 1.0).to_string());
        let answers = bulk(&server, &lines.join("\n")).await;
        assert_eq!(answers.len(), 602);
        for (place, answer) in answers.iter().enumerate() {
            assert_eq!(answer["line"], place + 1);
            match place {
                3 => assert_eq!(
                    (&answer["status"], answer.get("request_id")),
                    (&json!("invalid_request"), None)
                ),
                5 => {
                    assert_eq!(
                        (&answer["status"], &answer["request_id"]),
                        (&json!("invalid_request"), &json!("r5"))
                    );
                    assert_eq!(answer["errors"]["validation"][0]["field"], "store_id");
                }
                600 => assert_eq!(answer["status"], "payload_too_large"),
                n => assert_eq!(
                    (&answer["status"], &answer["request_id"]),
                    (&json!("OK"), &json!(format!("r{n}")))
                ),
            }
        }
        let again = bulk(&server, &lines[..3].join("\r\n")).await;
        assert!(again.iter().all(|answer| answer["status"] == "OK"));
        let body = json!({"retailer_id": RETAILER, "user_id": "900"});
        let balances = server.connect("/incentives/api/1.0/user_points/all_balances", &body).await.json();
        assert_eq!(
            balances["payload"]["summary"]["life_time_points"],
            599 * 4,
            "1 base, 2 produce, 1 status each"
        );
    });
}

#[test]
fn answers_come_while_the_body_is_still_being_sent() {
    run(async |server| {
        server.member("900").await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            basic(&server.keys.pos)
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut seen = String::new();
        for n in 0..3 {
            let line = format!("{}\n", sale(&format!("r{n}"), &format!("T{n}"), "900", 1.0));
            let chunk = format!("{:x}\r\n{line}\r\n", line.len());
            stream.write_all(chunk.as_bytes()).await.unwrap();
            let wanted = format!("{{\"line\":{},\"request_id\":\"r{n}\",\"status\":\"OK\"}}\n", n + 1);
            while !seen.contains(&wanted) {
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).await.unwrap();
                assert_ne!(read, 0, "the answer ended early: {seen}");
                seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        while !seen.ends_with("0\r\n\r\n") {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "the answer did not end: {seen}");
            seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    });
}

#[test]
fn a_broken_connection_leaves_what_was_handed_over_and_nothing_of_half_a_line() {
    run(async |server| {
        server.member("900").await;
        let whole = sale("r1", "T1", "900", 1.0).to_string();
        let half = sale("r2", "T2", "900", 1.0).to_string();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: laurel\r\nAuthorization: {}\r\nContent-Length: 100000\r\n\r\n{whole}\n{}",
            basic(&server.keys.pos),
            &half[..half.len() - 10]
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0);
        drop(stream);
        let answers = bulk(&server, &format!("{whole}\n{half}\n\n")).await;
        assert_eq!(answers.len(), 2);
        assert!(answers.iter().all(|answer| answer["status"] == "OK"), "{answers:?}");
    });
}

#[test]
fn credentials_are_asked_for() {
    run(async |server| {
        let denied = server.ask("POST", PATH, &basic(&server.keys.connect), "").await;
        assert_eq!(denied.status, 401);
        assert_eq!(bulk(&server, "").await, Vec::<Value>::new());
    });
}
