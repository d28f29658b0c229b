//! How shoppers reach their servers.

/// How connections are kept, and what is spoken on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Whose they are.
    pub per: Per,
    /// How many to one server at most: of each shopper, or of the whole pool. None: as many as requests are under way;
    /// for a shopper, as many as browsers have.
    pub max: Option<usize>,
    /// What is spoken where the server can.
    pub http: Http,
    /// Certificates of authorities that are trusted beside the system's, in PEM.
    pub authorities: Option<String>,
}

/// Whose connections are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// Shared by all shoppers, as behind a balancer.
    #[default]
    Pool,
    /// Of one shopper, as a browser's; they close with the journey.
    Shopper,
}

/// The version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2: to secured servers if they agree to it, to the shop without TLS by prior knowledge.
    Two,
}
