// Looks at files of certificates and keys now and then, and passes changed pairs on: those of the server (decisions: they are re-read
// when they change) and, with -enable-mtls, the one for backends (spec proxy 2). Files are compared by content: a mounted secret is
// replaced by moving a link, which watching a file would miss.

import { loadKeyPairs } from "../config/certificates.ts";
import { Invalid } from "../config/option.ts";
import type { Logger } from "../observability/log.ts";
import type { ServerCertificate } from "../proxy/server-certificates.ts";

export interface WatchedCertificates {
  /** Comma separated lists of equal length. */
  readonly certFiles: string;
  readonly keyFiles: string;
  /** What the files held at start. */
  readonly present: readonly ServerCertificate[];
  readonly periodMs: number;
  /** Logged when changed pairs are passed on, and before the reason when they cannot be used. */
  readonly changedLine: string;
  readonly refusedLine: string;
}

/** How often the files of -tls-cert and -tls-key are looked at. */
export const SERVER_CERTIFICATES_MS = 5000;

/** Calls `changed` with all pairs when one differs from what was there; pairs that cannot be used are reported once. */
export function watchCertificates(
  watched: WatchedCertificates,
  log: Logger,
  changed: (certificates: readonly ServerCertificate[]) => void,
): { stop(): void } {
  let known = textOf(watched.present);
  let problem = "";
  let stopped = false;
  const look = async () => {
    const pairs = await loadKeyPairs(watched.certFiles, watched.keyFiles);
    if (stopped) return;
    if (pairs instanceof Invalid) {
      if (pairs.message !== problem) log.error(`${watched.refusedLine}: ${pairs.message}`);
      problem = pairs.message;
    } else {
      problem = "";
      const text = textOf(pairs);
      if (text !== known) {
        known = text;
        log.info(watched.changedLine);
        changed(pairs.map(({ cert, key }) => ({ cert, key })));
      }
    }
    timer = setTimeout(look, watched.periodMs).unref();
  };
  let timer = setTimeout(look, watched.periodMs).unref();
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
