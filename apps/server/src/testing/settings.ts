/** Settings that the server reads at each use, changed until the test ends: `using _ = changed(app.config.shell, { maxOpen: 4 })`. */
export function changed<T extends object>(settings: T, changes: Partial<T>): Disposable {
  const before = { ...settings };
  Object.assign(settings, changes);
  return { [Symbol.dispose]: () => void Object.assign(settings, before) };
}
