//! The published description of every call: `GET /openapi.json`, `OpenAPI` 3.1. It is put together from the table of routes,
//! so that no route can be left out; what each call takes and answers stands in `calls`, the shapes in `schemas`.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::route::{Route, Row, TABLE};

mod calls;
mod schemas;

use calls::{Answer, Body, Call, Content, Key};

/// The document as sent.
pub(super) fn published() -> Bytes {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    DOCUMENT.get_or_init(|| document().to_string().into()).clone()
}

fn document() -> Value {
    let mut paths = Map::new();
    for row in &TABLE {
        let path = paths.entry(row.template()).or_insert_with(|| json!({}));
        path[row.method.as_str().to_ascii_lowercase()] = operation(row, &calls::call(row.route));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The reference shop",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A checkout. Amounts are integers in the currency's minor unit. Unknown members of a body are \
                            refused; unknown parameters of a query and unknown headers are ignored. A call with an \
                            Idempotency-Key is done once: a repeat of key and body gets the stored answer, marked \
                            `Idempotent-Replayed: true`; another body under the key gets 422, and a repeat while the \
                            first is at work 409. Answers with 202 or 5xx are not final: a repeat of the key goes on \
                            from there. A path that is not here answers 404, a method that is not here 405 with \
                            `Allow`, a body that is not JSON 415.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas::all(), "securitySchemes": {
            "account": {"type": "http", "scheme": "bearer", "description": "The token of an account."},
        }},
    })
}

fn operation(row: &Row, call: &Call) -> Value {
    let mut operation = json!({
        "operationId": row.name,
        "tags": [call.tag],
        "summary": call.summary,
        "parameters": parameters(row, call),
        "responses": answers(row, call),
    });
    if let Some(body) = &call.body {
        operation["requestBody"] = request_body(body);
    }
    if call.needs_account {
        operation["security"] = json!([{"account": []}]);
    }
    operation
}

fn request_body(body: &Body) -> Value {
    let content = match body {
        Body::Json(name) => json!({"application/json": {"schema": reference(name)}}),
        Body::Event => json!({"application/json": {"schema": {"type": "object"}}}),
    };
    json!({"required": body.is_required(), "content": content})
}

fn parameters(row: &Row, call: &Call) -> Vec<Value> {
    let mut parameters: Vec<Value> = row.path.iter().filter_map(|part| path_parameter(part)).collect();
    parameters.extend(call.query.iter().map(|parameter| {
        json!({"name": parameter.name, "in": "query", "required": false, "description": parameter.description,
               "schema": parameter.schema})
    }));
    parameters.extend(call.headers.iter().map(|(name, description)| {
        json!({"name": name, "in": "header", "required": true, "description": description,
               "schema": {"type": "string", "minLength": 1}})
    }));
    let required = match call.key {
        Key::Required => true,
        Key::Optional => false,
        Key::None => return parameters,
    };
    parameters.push(json!({
        "name": "Idempotency-Key", "in": "header", "required": required, "schema": reference("Key"),
        "description": "Names this wish; a repeat of it is the same wish.",
    }));
    parameters
}

fn path_parameter(part: &str) -> Option<Value> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    let (description, example) = match name {
        "sku" => ("A product.", "cable"),
        "cart" => ("A cart, as its opening answered.", "c_0199f0000000a1b2c3d4e5f60718"),
        "number" => ("An order.", "DB-1000042"),
        "id" => ("A dispute.", "dp_1"),
        _ => ("A flag.", "promotions"),
    };
    Some(json!({
        "name": name, "in": "path", "required": true, "description": description, "example": example,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    }))
}

fn answers(row: &Row, call: &Call) -> Value {
    let mut answers = Map::new();
    for answer in &call.answers {
        let mut described = json!({"description": answer.description, "headers": headers(answer, call)});
        described["content"] = match answer.content {
            Content::Json(name) => json!({"application/json": {"schema": reference(name)}}),
            Content::Text(media_type) => json!({media_type: {"schema": {"type": "string"}}}),
        };
        let links = links(row.route);
        if answer.status < 300 && !links.is_empty() {
            described["links"] = Value::Object(links);
        }
        answers.insert(answer.status.to_string(), described);
    }
    for (status, codes) in call.refusals() {
        let example = json!({"error": {"code": codes[0], "message": "…", "retry": status >= 500}});
        let mut described = json!({
            "description": codes.join(", "),
            "content": {"application/json": {"schema": reference("Error"), "example": example}},
        });
        if matches!(status, 409 | 503) {
            described["headers"] = json!({"Retry-After": {
                "description": "Seconds, where a repeat may help.", "schema": {"type": "integer", "minimum": 0},
            }});
        }
        answers.insert(status.to_string(), described);
    }
    Value::Object(answers)
}

/// Where an answer leads: calls about the thing that it names.
fn links(from: Route) -> Map<String, Value> {
    let (part, name, found) = match from {
        Route::Products => ("{sku}", "sku", "$response.body#/products/0/sku"),
        Route::CartOpen => ("{cart}", "cart", "$response.body#/cart"),
        Route::Checkout | Route::CartSession => ("{number}", "number", "$response.body#/order"),
        _ => return Map::new(),
    };
    // An open cart has no order yet.
    let about = TABLE.iter().filter(|row| row.path.contains(&part) && row.route != Route::CartOrder);
    let link = |row: &Row| json!({"operationId": row.name, "parameters": {name: found}});
    about.map(|row| (row.name.to_owned(), link(row))).collect()
}

fn headers(answer: &Answer, call: &Call) -> Value {
    if call.key == Key::None || answer.status >= 300 {
        return json!({});
    }
    json!({"Idempotent-Replayed": {
        "description": "Stands where this answer was given before.",
        "schema": {"type": "string", "enum": ["true"]},
    }})
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let described: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(described, TABLE.len());
        for row in &TABLE {
            let operation = &paths[&row.template()][row.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], row.name);
            let named = row.path.iter().filter(|part| part.starts_with('{')).count();
            let in_path = operation["parameters"].as_array().unwrap().iter().filter(|it| it["in"] == "path").count();
            assert_eq!(named, in_path, "{}", row.name);
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{}", row.name);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut used = std::collections::BTreeSet::new();
        for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is nowhere");
            used.insert(name);
        }
        assert_eq!(used.len(), schemas.len(), "{:?}", schemas.keys().filter(|it| !used.contains(it.as_str())));
    }
}
