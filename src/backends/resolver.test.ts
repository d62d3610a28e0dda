import assert from "node:assert/strict";
import type { LookupOptions, lookup } from "node:dns";
import { test } from "node:test";
import { Resolver } from "./resolver.ts";

type Answer = (error: NodeJS.ErrnoException | null, address: string) => void;

/** A resolver of the system that answers when the test says so. */
class PlayedDns {
  readonly asked: string[] = [];
  readonly #answers: Answer[] = [];
  readonly lookup = ((hostname: string, _options: LookupOptions, answer: Answer) => {
    this.asked.push(hostname);
    this.#answers.push(answer);
  }) as unknown as typeof lookup;

  answer(error: NodeJS.ErrnoException | null, address: string): void {
    this.#answers.shift()!(error, address);
  }
}

const options = { all: true, hints: 32, family: 0 };

test("questions about a name that is being asked share the answer; later ones ask again", () => {
  const dns = new PlayedDns();
  const { lookup: ask } = new Resolver(dns.lookup);
  const answers: unknown[] = [];
  const note = (name: string) => (error: Error | null, address: unknown) =>
    void answers.push(`${name} ${error?.message ?? address}`);
  ask("a.test", options, note("first"));
  ask("a.test", options, note("second"));
  ask("b.test", options, note("other name"));
  ask("a.test", { ...options, family: 6 }, note("other family"));
  assert.deepEqual(dns.asked, ["a.test", "b.test", "a.test"]);
  dns.answer(null, "192.0.2.1");
  dns.answer(new Error("no such host"), "");
  assert.deepEqual(answers, ["first 192.0.2.1", "second 192.0.2.1", "other name no such host"]);
  ask("a.test", options, note("third"));
  assert.equal(dns.asked.length, 4);
});

test("a question from within an answer is a new one", () => {
  const dns = new PlayedDns();
  const { lookup: ask } = new Resolver(dns.lookup);
  ask("a.test", options, () => ask("a.test", options, () => {}));
  dns.answer(null, "192.0.2.1");
  assert.equal(dns.asked.length, 2);
});
