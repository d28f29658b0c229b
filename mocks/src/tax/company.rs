//! The one company whose books these are, and what the provider says of itself.

use serde::Serialize;

use super::Tax;
use super::errors;
use crate::wire::Answer;

/// Number of the company.
pub(super) const ID: i64 = 1;
/// Number of the account that it belongs to.
const ACCOUNT_ID: i64 = 1_100_000_001;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pong {
    version: &'static str,
    authenticated: bool,
    authentication_type: &'static str,
    authenticated_user_name: Option<String>,
    authenticated_user_id: i64,
    authenticated_account_id: i64,
    crm_id: Option<String>,
}

/// Who asks whether the service is there.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    Nobody,
    User(String),
    Token,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, clippy::struct_excessive_bools, reason = "the fields are the wire's")]
struct Company<'a> {
    id: i64,
    account_id: i64,
    company_code: &'a str,
    name: &'a str,
    is_default: bool,
    is_active: bool,
    default_country: &'static str,
    base_currency_code: &'static str,
    rounding_level_id: &'static str,
    has_profile: bool,
    is_reporting_entity: bool,
    is_test: bool,
}

#[derive(Serialize)]
struct List<T> {
    #[serde(rename = "@recordsetCount")]
    count: usize,
    value: Vec<T>,
}

pub(super) fn ping(asker: &Asker) -> Answer {
    let (authenticated, authentication_type, authenticated_user_name) = match asker {
        Asker::Nobody => (false, "None", None),
        Asker::User(name) => (true, "UsernamePassword", Some(name.clone())),
        Asker::Token => (true, "OpenIdBearerToken", Some("token".to_owned())),
    };
    let (user, account) = if authenticated { (1, ACCOUNT_ID) } else { (0, 0) };
    Answer::json(
        200,
        &Pong {
            version: "25.11.0",
            authenticated,
            authentication_type,
            authenticated_user_name,
            authenticated_user_id: user,
            authenticated_account_id: account,
            crm_id: authenticated.then(|| "simulated".to_owned()),
        },
    )
}

impl Tax {
    fn view(&self) -> Company<'_> {
        Company {
            id: ID,
            account_id: ACCOUNT_ID,
            company_code: &self.company,
            name: &self.company,
            is_default: true,
            is_active: true,
            default_country: "US",
            base_currency_code: "USD",
            rounding_level_id: "Line",
            has_profile: true,
            is_reporting_entity: true,
            is_test: true,
        }
    }

    pub(super) fn companies(&self) -> Answer {
        Answer::json(200, &List { count: 1, value: vec![self.view()] })
    }

    pub(super) fn one_company(&self, id: &str) -> Answer {
        match id.parse::<i64>() {
            Ok(ID) => Answer::json(200, &self.view()),
            _ => {
                errors::error(404, "EntityNotFoundError", "Company not found.", &format!("There is no company '{id}'."))
            }
        }
    }

    pub(super) fn check_company(&self, company: &str) -> Result<(), Answer> {
        if company.eq_ignore_ascii_case(&self.company) {
            return Ok(());
        }
        let description = format!("The company '{company}' was not found.");
        Err(errors::error(404, "CompanyNotFoundError", "Company not found.", &description))
    }
}
