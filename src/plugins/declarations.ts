// What a plugin module offers: its default export is a declaration, a list of them, or a function that gets the options of the plugin and
// returns either. Other exports are the plugin's own business.

import type { DataClient } from "../spec/data-client.ts";
import type { FilterSpec } from "../spec/filter.ts";
import type { PredicateSpec } from "../spec/predicate.ts";

export interface Declarations {
  readonly filters: readonly FilterSpec[];
  readonly predicates: readonly PredicateSpec[];
  readonly dataClients: readonly DataClient[];
}

/** Why a plugin cannot be used; the message is for its author. */
export class PluginFailure extends Error {}

const EXPECTED =
  "what defineFilter, definePredicate or defineDataClient gives, a list of them, or a function that returns them";

/** Null when the module has no default export, and so is no plugin. Rejects with PluginFailure, and with what the function throws. */
export async function declarationsOf(
  module: Readonly<Record<string, unknown>>,
  options: readonly string[],
): Promise<Declarations | null> {
  if (!Object.hasOwn(module, "default")) return null;
  let offered = module.default;
  let where = "default export";
  if (typeof offered === "function") {
    offered = await (offered as (options: readonly string[]) => unknown)(options);
    where = "the function that is the default export";
  }
  const filters: FilterSpec[] = [];
  const predicates: PredicateSpec[] = [];
  const dataClients: DataClient[] = [];
  const list: readonly unknown[] = Array.isArray(offered) ? offered : [offered];
  for (const [i, one] of list.entries()) {
    const place = Array.isArray(offered) ? `${where}, entry ${i + 1}` : where;
    if (!isObject(one)) throw new PluginFailure(`${place}: expected ${EXPECTED}, got ${shown(one)}`);
    if (isFunction(one.start) && isFunction(one.stop)) dataClients.push(dataClient(one, place));
    else if (isFunction(one.create) && isFunction(one.check) && Array.isArray(one.args)) {
      checkDeclaration(one, place);
      // Made by defineFilter or definePredicate, which set every field; only predicates have a weight.
      if (isFunction(one.weight)) predicates.push(one as unknown as PredicateSpec);
      else filters.push(one as unknown as FilterSpec);
    } else throw new PluginFailure(`${place}: expected ${EXPECTED}, got ${shown(one)}`);
  }
  return { filters, predicates, dataClients };
}

function dataClient(one: Readonly<Record<string, unknown>>, place: string): DataClient {
  if (typeof one.name !== "string" || one.name === "") {
    throw new PluginFailure(`${place}: expected a data client with a name, got ${shown(one.name)}`);
  }
  return one as unknown as DataClient;
}

function checkDeclaration({ name, args }: Readonly<Record<string, unknown>>, place: string): void {
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name)) {
    throw new PluginFailure(
      `${place}: expected a name that eskip can write, of letters, digits and _, got ${shown(name)}`,
    );
  }
  for (const [i, arg] of (args as readonly unknown[]).entries()) {
    const isArg = isObject(arg) && typeof arg.name === "string" && isObject(arg.kind) && isFunction(arg.kind.parse);
    const occurs = isArg ? arg.occurs : "";
    if (occurs !== "one" && occurs !== "optional" && occurs !== "rest") {
      throw new PluginFailure(
        `${name}, argument ${i + 1}: expected what one(), optional() or rest() gives, got ${shown(arg)}`,
      );
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** A value in a few words. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).slice(0, 8).join(", ");
  return names === "" ? "an object without fields" : `an object with ${names}`;
}
