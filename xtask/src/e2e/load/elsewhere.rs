//! A network beside the node's, as another machine has one: a cable between the two, and a route to the node's address.
//! It ends with the node.

use std::path::PathBuf;

use anyhow::Result;

use crate::e2e::api_server::ApiServer;
use crate::node::configuration::ADDRESS;
use crate::shell::command::capture;

const NAME: &str = "elsewhere";
/// The ends of the cable, the node's first.
const ENDS: [&str; 2] = ["10.78.0.1", "10.78.0.2"];

/// Makes it, and says where it is, for `setns(2)`.
///
/// # Errors
///
/// When the kernel cannot make such a cable.
pub(in crate::e2e) fn make(api_server: &ApiServer<'_>) -> Result<PathBuf> {
    let [here, there] = ENDS;
    for arguments in [
        format!("netns add {NAME}"),
        format!("link add cable0 type veth peer name cable1 netns {NAME}"),
        format!("addr add {here}/30 dev cable0"),
        "link set cable0 up".to_owned(),
        format!("-n {NAME} link set lo up"),
        format!("-n {NAME} addr add {there}/30 dev cable1"),
        format!("-n {NAME} link set cable1 up"),
        format!("-n {NAME} route add {ADDRESS}/32 via {here}"),
    ] {
        capture(api_server.node.command("ip").args(arguments.split(' ')))?;
    }
    Ok(api_server.path("/run/netns").join(NAME))
}
