"""What adbd calls itself when a computer connects."""

from agent.simulator.scenario import Scenario

_FEATURES = (
    (7, "shell_v2,cmd"),
    (8, "stat_v2"),
    (10, "fixed_push_mkdir,apex,abb,fixed_push_symlink_timestamp,abb_exec"),
    (11, "ls_v2,remount_shell,sendrecv_v2,sendrecv_v2_brotli"),
    (12, "track_app,sendrecv_v2_lz4,sendrecv_v2_zstd,sendrecv_v2_dry_run_send,openscreen_mdns"),
    (14, "devicetracker_proto_format"),
    (15, "devraw,app_info"),
    (16, "server_status"),
)


def banner(scenario: Scenario) -> str:
    """What adbd calls itself: properties of the product, and the features of its Android version.

    Source: packages/modules/adb, transport.cpp and adb.cpp. Left out: `delayed_ack` (14 and later), which
    binds only a host that asks for it too, and would then change what OKAY means.
    """
    features = ",".join(names for android, names in _FEATURES if scenario.android >= android)
    if scenario.shell == "v1":
        features = features.removeprefix("shell_v2,")
    product = {"name": scenario.product, "model": scenario.model, "device": scenario.device}
    told = "".join(f"ro.product.{key}={_plain(value)};" for key, value in product.items())
    return f"device::{told}features={features}"


def _plain(value: str) -> str:
    return value.replace(";", "_").replace("=", "_")
