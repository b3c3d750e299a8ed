// Backup and restore: without secrets, or with them encrypted under a passphrase by the device.

import { card, el, setText } from "./dom.js";
import { sendJson } from "./requests.js";
import { quoted } from "./settings_form.js";
import { t } from "./words.js";

const BACKUP_MS = 120000; // the device derives a key for seconds, after others were answered

/** The card. `problem(answer)` gives the sentence of a failed request, `restored()` loads the new configuration; `more` is shown below. */
export function makeBackup(problem, restored, ...more) {
  const said = el("div", { className: "said", role: "status" });
  const passphrase = el("input", { id: "passphrase", type: "password", autocomplete: "off", maxLength: 128, "aria-describedby": "passphrase-tip" });
  const file = el("input", { type: "file", id: "restore", accept: ".json,application/json", onchange: restore });
  const content = card(t("settings.backup"),
    el("p", { className: "text" }, t("settings.backup.note")),
    el("p", {}, el("a", { className: "button", href: "/api/v1/backup", download: "" }, t("settings.backup.load"))),
    el("form", { id: "encrypted", onsubmit: download },
      el("div", { className: "field" }, el("label", { for: "passphrase" }, t("settings.passphrase")), passphrase, el("small", { id: "passphrase-tip" }, t("settings.passphrase.tip"))),
      el("button", { className: "button" }, t("settings.backup.encrypted"))),
    el("div", { className: "field" }, el("label", { for: "restore" }, t("settings.restore")), file),
    ...more, said);

  async function download(event) {
    event.preventDefault();
    setText(said, t("settings.backup.working"));
    const { ok, body, ...answer } = await sendJson("POST", "/api/v1/backup", { passphrase: passphrase.value }, BACKUP_MS);
    passphrase.toggleAttribute("aria-invalid", body.field === "passphrase");
    setText(said, ok ? t("settings.backup.done") : problem(answer));
    if (!ok) return passphrase.focus();
    const href = URL.createObjectURL(new Blob([JSON.stringify(body)], { type: "application/json" }));
    el("a", { href, download: `${location.hostname}-${new Date().toISOString().slice(0, 10)}-encrypted.json` }).click();
    URL.revokeObjectURL(href);
  }

  async function restore() {
    const [chosen] = file.files;
    file.value = ""; // at once: the same file may be chosen again before this ends
    setText(said, t("settings.saving"));
    try {
      const backup = JSON.parse(await chosen.text()), { profile = "full", power } = backup.config ?? backup;
      if ((profile !== "full" || power?.interval_s) && !confirm(t("settings.no_page.confirm"))) setText(said, "");
      else if (!("encrypted_backup" in backup)) await send(backup);
      else if (passphrase.value) await send({ ...backup, passphrase: passphrase.value });
      else {
        setText(said, t("settings.passphrase.missing"));
        passphrase.focus();
      }
    } catch {
      setText(said, t("settings.no_backup"));
    }
  }

  async function send(backup) {
    const { ok, body, ...answer } = await sendJson("POST", "/api/v1/restore", backup, BACKUP_MS);
    passphrase.toggleAttribute("aria-invalid", body.field === "passphrase");
    if (!ok) return setText(said, problem(answer));
    said.replaceChildren(el("p", {}, t(body.restart.length ? "settings.restart_needed" : "settings.saved")), ...body.warnings.map((warning) => quoted(warning, "p")));
    await restored();
  }

  return { card: content, said };
}
