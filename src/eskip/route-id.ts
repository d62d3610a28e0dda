// Ids for routes that come without one: the eskip command gives them before it writes a route to a store.

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LENGTH = 16;

/** `id`, or when it is empty `route` and 16 random characters (spec eskip 13). `random` gives numbers in [0, 1). */
export function routeIdOrRandom(id: string, random: () => number): string {
  if (id !== "") return id;
  let text = "route";
  for (let i = 0; i < LENGTH; i++) text += alphabet[Math.floor(random() * alphabet.length)];
  return text;
}
