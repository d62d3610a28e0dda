// Judges an http11 case by the rules of its `proxy` key; the meaning of the keys stands in `format` of the vectors.

import { Client, type Final, headerOf, type Part, type Step } from "./http11-client.ts";
import type { Seen, SeenRequest, StrictBackend } from "./strict-backend.ts";

export interface OutcomeObject {
  readonly status: string;
  readonly closed?: boolean;
  readonly close?: boolean;
  readonly single?: boolean;
  readonly no1xx?: boolean;
  readonly nobody?: boolean;
  readonly body?: string;
  readonly echo?: string;
  readonly bodyHas?: readonly string[];
  readonly bodyLacks?: readonly string[];
  readonly matchCase?: boolean;
  readonly has?: Readonly<Record<string, string>>;
  readonly lacks?: readonly string[];
  readonly then?: Outcome;
}
export type Outcome = string | OutcomeObject;

export interface WantedRequest {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly upgrade?: boolean;
}

export interface Http11Case {
  readonly id: string;
  readonly define?: Readonly<Record<string, string>>;
  readonly capture?: Readonly<Record<string, { header: string; form: "as-is" | "unquoted" | "weak"; else: string }>>;
  readonly steps: readonly { readonly send: string | readonly Part[] }[];
  readonly proxy: {
    readonly rule: "forward" | "may-reject" | "must-reject";
    readonly refuse?: readonly Outcome[];
    readonly origin?: readonly WantedRequest[];
    readonly at_least?: number;
    readonly client?: readonly Outcome[];
  };
}

/** The placeholders of a case. */
class Texts {
  readonly #values: Map<string, string>;

  constructor(given: Http11Case, authority: string) {
    this.#values = new Map([["authority", authority]]);
    for (const [name, text] of Object.entries(given.define ?? {})) this.#values.set(name, this.fill(text));
  }

  fill(text: string): string {
    return text.replaceAll(/\{\{(\w+)(#len|#hex)?\}\}/g, (_, name: string, form: string | undefined) => {
      const value = this.#values.get(name);
      if (value === undefined) throw new Error(`no text ${name}`);
      return form === undefined ? value : value.length.toString(form === "#len" ? 10 : 16);
    });
  }

  send(parts: string | readonly Part[]): string {
    if (typeof parts === "string") return this.fill(parts);
    const write = (part: Part): string => {
      if (typeof part === "string") return this.fill(part);
      const first = part.from ?? 0;
      return Array.from({ length: part.times }, (_, i) => part.repeat.replaceAll("{{i}}", String(first + i))).join("");
    };
    return parts.map(write).join("");
  }

  capture(given: Http11Case, response: Final | undefined): void {
    for (const [name, { header, form, else: fallback }] of Object.entries(given.capture ?? {})) {
      const value = response === undefined ? null : headerOf(response, header);
      if (value === null) this.#values.set(name, fallback);
      else if (form === "weak") this.#values.set(name, value.startsWith("W/") ? value : `W/${value}`);
      else this.#values.set(name, form === "as-is" ? value : value.replace(/^W\//, "").replace(/^"(.*)"$/, "$1"));
    }
  }
}

/** Runs a case through the proxy at `port`; "" or what is wrong. */
export async function judgeCase(given: Http11Case, port: number, backend: StrictBackend): Promise<string> {
  const texts = new Texts(given, `127.0.0.1:${port}`);
  const client = new Client(port);
  const steps: Step[] = [];
  for (const { send } of given.steps) {
    if (steps.length === 1) texts.capture(given, steps[0]!.finals[0]);
    const step = await client.step(texts.send(send));
    steps.push(step);
    if (step.closed || step.finals.length === 0) break;
  }
  client.close();
  const wrong = judge(given, steps, await backend.take(), texts);
  return wrong === "" ? "" : `${wrong}; the client saw ${steps.map(told).join(", then ")}`;
}

function told(step: Step): string {
  const statuses = [...step.interim, ...step.finals.map((final) => `${final.status}${final.complete ? "" : " (cut)"}`)];
  return `${statuses.join("+") || "nothing"} ${step.closed ? "closed" : "open"}`;
}

function judge(given: Http11Case, steps: readonly Step[], seen: readonly Seen[], texts: Texts): string {
  const { rule, origin = [], refuse = [], client = [], at_least: least = origin.length } = given.proxy;
  const whole: SeenRequest[] = [];
  for (const entry of seen) {
    if (entry.kind === "malformed") return `unsafe: the backend refused: ${entry.what}`;
    if (entry.kind === "leftover") return `unsafe: left over at the backend: ${entry.what}`;
    if (entry.kind === "complete") whole.push(entry.request);
  }
  const finals = steps.flatMap((step) => step.finals);
  const ids = new Set(seen.map((entry) => String(entry.id)));
  const strange = finals.some(
    (final) => (headerOf(final, "X-Origin-Id") ?? "") !== "" && !ids.has(headerOf(final, "X-Origin-Id")!),
  );
  if (strange) return "unsafe: response of another request";
  if (whole.length > Math.max(1, origin.length)) return `unsafe: ${whole.length} requests at the backend`;
  if (finals.length > Math.max(1, origin.length, given.steps.length)) return "unsafe: more responses than requests";
  const refused = whole.length === 0 && refuse.some((outcome) => fits(outcome, steps, 0, texts));
  if (rule === "must-reject") {
    if (whole.length > 0) return `unsafe: ${whole[0]!.method} ${whole[0]!.target.slice(0, 40)} reached the backend`;
    return refused ? "" : "refused in a wrong way";
  }
  for (const [i, request] of whole.entries()) {
    const difference = differs(origin[i]!, request, texts);
    if (difference !== "") return `unsafe: ${difference}`;
  }
  if (rule === "may-reject" && whole.length === 0)
    return refused ? "" : "neither passed on nor refused as it should be";
  if (whole.length < least) return `${whole.length} of ${least} requests reached the backend`;
  return client.some((outcome) => fits(outcome, steps, 0, texts)) ? "" : "passed on, but the client got a wrong answer";
}

function statusFits(want: string, status: string): boolean {
  if (want === "any" || want === status) return true;
  return want.startsWith("!") ? want.slice(1) !== status : want.endsWith("xx") && want[0] === status[0];
}

function fits(outcome: Outcome, steps: readonly Step[], k: number, texts: Texts): boolean {
  const o: OutcomeObject = typeof outcome === "string" ? { status: outcome } : outcome;
  const step = steps[k];
  if (step === undefined) return o.status === "none";
  const final = step.finals[0];
  switch (o.status) {
    case "none":
      return final === undefined;
    case "close":
      return final === undefined && step.closed && step.raw.trim() === "";
    case "timeout":
      return final === undefined && !step.closed && step.raw === "";
    case "h2":
      return final === undefined && step.raw.length >= 9 && step.raw[3] === "\x04";
  }
  if (final === undefined || !statusFits(o.status, String(final.status)) || !final.complete) return false;
  const fold = (text: string) => (o.matchCase === true ? text : text.toLowerCase());
  const holds = (text: string) => fold(final.body).includes(fold(text));
  const connection = (headerOf(final, "Connection") ?? "").split(",").map((option) => option.trim().toLowerCase());
  const ends = step.closed || (connection.includes("close") && !steps.slice(k + 1).some((s) => s.finals.length > 0));
  return (
    (o.close === undefined || ends === o.close) &&
    (o.closed === undefined || step.closed === o.closed) &&
    (o.single !== true || (step.finals.length === 1 && !step.rest.includes("HTTP/1."))) &&
    (o.no1xx !== true || step.interim.length === 0) &&
    (o.nobody !== true || (final.body === "" && step.rest === "")) &&
    (o.body === undefined || final.body === texts.fill(o.body)) &&
    (o.echo === undefined || [o.echo, "OK"].includes(final.body.replace(/[\r\n]+$/, ""))) &&
    (o.bodyHas ?? []).every(holds) &&
    !(o.bodyLacks ?? []).some(holds) &&
    Object.entries(o.has ?? {}).every(([name, pattern]) => new RegExp(pattern).test(headerOf(final, name) ?? "\0")) &&
    !(o.lacks ?? []).some((name) => headerOf(final, name) !== null) &&
    (o.then === undefined || fits(o.then, steps, k + 1, texts))
  );
}

function differs(want: WantedRequest, got: SeenRequest, texts: Texts): string {
  const like = (pattern: string, text: string): boolean => {
    const filled = texts.fill(pattern);
    return filled.startsWith("~") ? new RegExp(filled.slice(1), "s").test(text) : filled === text;
  };
  for (const part of ["method", "target", "body"] as const) {
    if (want[part] !== undefined && !like(want[part], got[part]))
      return `${part} ${JSON.stringify(got[part].slice(0, 60))}`;
  }
  for (const header of want.headers ?? []) {
    if (!headerFits(texts.fill(header), got)) return `header ${header}`;
  }
  if (want.upgrade !== undefined && want.upgrade !== asksUpgrade(got)) return "asks to upgrade";
  return "";
}

function headerFits(rule: string, { fields }: SeenRequest): boolean {
  const [, not, name, operator, text] = /^(!?)([^=!?]+)(?:(\??=~|!=)(.*))?$/s.exec(rule)!;
  const lines = fields.filter(([key]) => key.toLowerCase() === name!.toLowerCase()).map(([, value]) => value);
  if (operator === undefined) return lines.length > 0 === (not === "");
  if (operator === "!=") return !lines.includes(text!);
  const hit = lines.length > 0 && new RegExp(text!).test(lines.join("\n"));
  return not === "!" ? !hit : hit || (operator === "?=~" && lines.length === 0);
}

function asksUpgrade({ version, fields }: SeenRequest): boolean {
  const options = fields
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(","));
  const named = fields.some(([name]) => name.toLowerCase() === "upgrade");
  return version === "1.1" && named && options.some((option) => option.trim().toLowerCase() === "upgrade");
}
