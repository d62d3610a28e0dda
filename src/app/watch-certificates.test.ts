import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ServerCertificate } from "../proxy/server-certificates.ts";
import { watchCertificates } from "./watch-certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "watch-certificates-"));
after(() => rmSync(folder, { recursive: true }));

/** A self-signed pair. */
function pair(name: string): ServerCertificate {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", [...args, "-keyout", key, "-out", cert, "-subj", `/CN=${name}`], { stdio: "ignore" });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const [first, second] = [pair("first"), pair("second")];
const files = { certFiles: join(folder, "watched.crt"), keyFiles: join(folder, "watched.key") };

function write({ cert, key }: ServerCertificate): void {
  for (const [file, text] of [
    [files.certFiles, cert],
    [files.keyFiles, key],
  ] as const) {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}

test("a changed pair is passed on once, one that does not fit is reported once", async () => {
  write(first);
  const lines: string[] = [];
  const changes: (readonly ServerCertificate[])[] = [];
  const note = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const watch = watchCertificates(
    { ...files, present: [first], periodMs: 10, changedLine: "replaced", refusedLine: "not replaced" },
    log,
    (pairs) => changes.push(pairs),
  );
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
      if (Date.now() > limit) assert.fail(`waited for: ${what}\n${lines.join("\n")}`);
    }
  };
  try {
    write({ cert: second.cert, key: first.key });
    await until("the fault is reported", () => lines.length === 1);
    assert.match(lines[0]!, /^error not replaced: failed to load X509 keypair from \S+ and \S+: /);
    write(second);
    await until("the pair is passed on", () => changes.length === 1);
    assert.deepEqual(changes[0], [second]);
    assert.deepEqual(lines.slice(1), ["info replaced"]);
    // Certificate and key are written one after the other: a look in between finds a pair that does not fit.
    write(first);
    await until("it is passed on again", () => changes.length === 2);
    assert.deepEqual(changes[1], [first]);
  } finally {
    watch.stop();
  }
});
