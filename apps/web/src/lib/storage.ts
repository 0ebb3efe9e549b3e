/** JSON in the browser's storage. A blocked or full storage is no error: the value is then simply not kept. */
export function readStored<T>(storage: Storage, key: string, isValid: (value: unknown) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(storage.getItem(key) ?? "null");
    return isValid(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function writeStored(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === undefined) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // See above.
  }
}

export const isString = (value: unknown): value is string => typeof value === "string";
export const isStringArray = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString);
