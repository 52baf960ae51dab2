import { types } from "node:util";

export function isMap(value: object): value is ReadonlyMap<unknown, unknown> {
  return types.isMap(value) || isProxyOf(value, "Map");
}

export function isSet(value: object): value is ReadonlySet<unknown> {
  return types.isSet(value) || isProxyOf(value, "Set");
}

/** Of either realm: the tag is what a proxy shows of its object. Only such a proxy as lets its methods work can be read. */
function isProxyOf(value: object, tag: string): boolean {
  return types.isProxy(value) && Object.prototype.toString.call(value) === `[object ${tag}]`;
}

export function hasToJson(value: object): value is { readonly toJSON: () => unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}
