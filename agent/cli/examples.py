"""Examples at the end of each command's help. A test reads each as a command line."""

from agent.cli.language import t

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "scan": (
        (t("every phone that is connected"), "posture scan"),
        (t("one phone on the network, judged here and sent nowhere"), "posture scan --tcp 192.0.2.7:5555 --no-post"),
        (t("a phone that is handed over, in Spanish"), "posture scan --usb --profile handover --lang es"),
        (t("with the holder's consent, what WhatsApp's own screens show"), "posture scan --usb --allow-screen"),
        (t("reports for another program"), "posture scan --json > reports.jsonl"),
    ),
    "init": (
        (t("answer questions"), "posture init"),
        (t("ask nothing, and trust the Wi-Fi that the connected phone is on"), "posture init --yes --learn"),
        (
            t("enrol at once"),
            "posture init --yes --collector https://posture.example.org --code CODE",
        ),
    ),
    "watch": (
        (t("wait for phones, scan each, show a large verdict"), "posture watch"),
        (t("on a page in the browser, and so that it can be heard"), "posture watch --web --sound"),
    ),
    "demo": (
        (t("look around, until Ctrl-C"), "posture demo"),
        (t("print the summary and end"), "posture demo --once"),
    ),
    "facts": ((t("what is known of one phone, without judging it"), "posture facts --serial R58N000TEST --json"),),
    "capture": (
        (t("keep a phone's answers, and judge them later"), "posture capture --usb -o phone.zip"),
        (t("judge them"), "posture evaluate phone.zip"),
    ),
    "evaluate": (
        (t("a bugreport from a phone that is far away"), "posture evaluate bugreport.zip"),
        (t("as of another day"), "posture evaluate --now 2026-03-01T12:00:00Z phone.zip"),
    ),
    "commands": ((t("everything that may run on a phone, one JSON object a line"), "posture commands --json"),),
    "schedule": (
        (t("write a plan to fill in"), "posture schedule init"),
        (t("stay, and scan at night"), "posture schedule run"),
    ),
    "policy": (
        (t("why a rule is there, and what proves it"), "posture policy show backup-recent"),
        (t("check the organisation's own values"), "posture policy lint organisation.yaml"),
        (t("fetch what the collector publishes"), "posture policy pull"),
    ),
    "indicators": ((t("use a list of known spyware from now on"), "posture indicators import ioc.yaml"),),
    "render": ((t("a report to read, print and file"), "posture render report.json -o report.pdf"),),
    "export": (
        (t("for a programme of compliance, here as OSCAL"), "posture export --format oscal report.json"),
    ),
    "verify": ((t("whether a report is signed and whole"), "posture verify report.json"),),
    "doctor": (
        (t("what is wrong here, and what mends it"), "posture doctor"),
        (t("mend what can be mended; asks before each change"), "posture doctor --fix"),
    ),
    "pair": (
        (t("show a QR code for the phone to read"), "posture pair"),
        (t("type what stands on the phone's screen"), "posture pair --address 192.0.2.7:37099 --code 123456"),
    ),
    "keys": ((t("the fingerprint that a phone shows when it asks"), "posture keys list"),),
    "outbox": ((t("deliver now what waits, what was refused too"), "posture outbox --retry"),),
    "enroll": (
        (t("with a code from the collector's page Agents"), "posture enroll CODE --collector https://posture.example.org"),
        (t("later, a new key in the place of the one in use"), "posture enroll --rotate"),
    ),
    "collector": (
        (t("serve the dashboard on this computer"), "posture collector serve --port 8000"),
        (t("a code for one workstation"), "posture collector enrol-code"),
        (t("an audit pack of a month"), "posture collector audit-pack --from 2026-10-01 --to 2026-10-31 --out o.pdf"),
        (t("a further worker for the background work, on any machine"), "posture collector worker"),
    ),
    "simulate": (
        (t("what phones there are"), "posture simulate --list"),
        (t("a phone with much to find, for adb or a scan"), "posture simulate samsung-a16-breached --port 5555"),
        (t("a phone to pair with, found by mDNS on this computer"), "posture simulate pixel-a14-healthy --wireless"),
    ),
    "completion": (
        (t("bash: put this line into ~/.bashrc"), 'eval "$(posture completion bash)"'),
        (t("zsh: put this line into ~/.zshrc"), 'eval "$(posture completion zsh)"'),
        (t("fish"), "posture completion fish > ~/.config/fish/completions/posture.fish"),
    ),
}  # fmt: skip


def epilog(command: str) -> str | None:
    """The examples of one command, as click shows them unwrapped below its help."""
    if command not in EXAMPLES:
        return None
    lines = [line for says, typed in EXAMPLES[command] for line in (f"  # {says}", f"  {typed}")]
    return "\n".join(("\b", t("Examples:"), *lines))
