// Looks at the files of -tls-cert and -tls-key now and then, and passes changed pairs on (decisions: certificates are re-read when
// they change). Files are compared by content: a mounted secret is replaced by moving a link, which watching a file would miss.

import { loadKeyPairs } from "../config/certificates.ts";
import { Invalid } from "../config/option.ts";
import type { Options } from "../config/options.ts";
import type { Logger } from "../observability/log.ts";
import type { ServerCertificate } from "../proxy/server-certificates.ts";

const PERIOD_MS = 5000;

/** Calls `changed` with all pairs when one differs from what was there; pairs that cannot be used are reported once. */
export function watchCertificates(
  options: Pick<Options, "tlsCert" | "tlsKey">,
  present: readonly ServerCertificate[],
  log: Logger,
  changed: (certificates: readonly ServerCertificate[]) => void,
  periodMs: number = PERIOD_MS,
): { stop(): void } {
  let known = textOf(present);
  let problem = "";
  let stopped = false;
  const look = async () => {
    const pairs = await loadKeyPairs(options.tlsCert, options.tlsKey);
    if (stopped) return;
    if (pairs instanceof Invalid) {
      if (pairs.message !== problem) log.error(`certificates are not replaced: ${pairs.message}`);
      problem = pairs.message;
    } else {
      problem = "";
      const text = textOf(pairs);
      if (text !== known) {
        known = text;
        log.info("server certificates were replaced");
        changed(pairs.map(({ cert, key }) => ({ cert, key })));
      }
    }
    timer = setTimeout(look, periodMs).unref();
  };
  let timer = setTimeout(look, periodMs).unref();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function textOf(pairs: readonly ServerCertificate[]): string {
  return JSON.stringify(pairs.map(({ cert, key }) => [cert, key]));
}
