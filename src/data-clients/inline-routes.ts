// Source of routes: a document given as an option (spec route-sources 2.1). It never changes; a mistake in it stops the start.

import { parseDocument } from "../eskip/parser.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";

export class InlineRoutes implements DataClient {
  readonly name = "inline";
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  async start(host: DataClientHost): Promise<void> {
    const { routes, error } = parseDocument(this.#text);
    if (error !== null) {
      throw new Error(`error while parsing inline routes: ${error.message} (${error.explanation})`);
    }
    host.apply(true, (transaction) => {
      transaction.reset();
      for (const route of routes) transaction.upsert(route);
    });
  }

  stop(): void {}
}
