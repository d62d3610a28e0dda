// -status-checks: services that must answer before the main listener opens (spec proxy 20).

import type { Logger } from "../observability/log.ts";

const PAUSE_MS = 1000;

/** Asks each URL in order until it answers 200, every second, without end. */
export async function waitForStatusChecks(urls: readonly string[], log: Logger): Promise<void> {
  for (const url of urls) {
    while (!(await answers(url))) {
      log.info(`${url} unhealthy`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    log.info(`${url} healthy`);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
