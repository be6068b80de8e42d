//! Certificates for a receiver of events and its clients, as files on a node.

use std::fs;
use std::net::IpAddr;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};

use super::api_server::ApiServer;
use crate::node::configuration::ADDRESS;

const DIRECTORY: &str = "/root/receiver";

/// A certificate authority, and the certificates it has signed.
pub(super) struct Pki {
    /// The authority's certificate.
    pub(super) authority: String,
    /// The receiver's certificate.
    pub(super) server: Certificate,
    /// An expired certificate for the receiver.
    pub(super) expired: Certificate,
    /// A client's certificate.
    pub(super) client: Certificate,
}

/// PEM files of a certificate and its key.
pub(super) struct Certificate {
    pub(super) file: String,
    pub(super) key: String,
}

impl Pki {
    /// Creates all of them.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub(super) fn make(api_server: &ApiServer<'_>) -> Result<Pki> {
        fs::create_dir_all(api_server.path(DIRECTORY)).with_context(|| format!("creating {DIRECTORY}"))?;
        let mut params = named("receivers");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().context("making a key")?;
        let certificate = params.self_signed(&key).context("making an authority")?;
        let authority = write(api_server, "ca.crt", &certificate.pem())?;
        let issuer = Issuer::new(params, key);
        let make = |name: &str, years: [i32; 2], purpose: ExtendedKeyUsagePurpose| -> Result<Certificate> {
            let mut params = named(name);
            let [from, to] = years.map(|year| date_time_ymd(year, 1, 1));
            (params.not_before, params.not_after) = (from, to);
            let address: IpAddr = ADDRESS.parse().context("reading the node's address")?;
            params.subject_alt_names.push(SanType::IpAddress(address));
            params.extended_key_usages.push(purpose);
            let key = KeyPair::generate().context("making a key")?;
            let certificate = params.signed_by(&key, &issuer).context("signing a certificate")?;
            Ok(Certificate {
                file: write(api_server, &format!("{name}.crt"), &certificate.pem())?,
                key: write(api_server, &format!("{name}.key"), &key.serialize_pem())?,
            })
        };
        Ok(Pki {
            authority,
            server: make("server", [2020, 2099], ExtendedKeyUsagePurpose::ServerAuth)?,
            expired: make("expired", [2020, 2021], ExtendedKeyUsagePurpose::ServerAuth)?,
            client: make("client", [2020, 2099], ExtendedKeyUsagePurpose::ClientAuth)?,
        })
    }
}

/// Writes a file of this node beside the certificates, and returns its path there.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn write(api_server: &ApiServer<'_>, name: &str, text: &str) -> Result<String> {
    let path = format!("{DIRECTORY}/{name}");
    fs::write(api_server.path(&path), text).with_context(|| format!("writing {path}"))?;
    Ok(path)
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
