const channel = "tesslate.identity";
/** This tab is on its way already. */
let isOwn = false;

/** Notifies the other tabs of this browser that the session's cookie belongs to another user now. */
export function announceUserChange(): void {
  isOwn = true;
  const bus = new BroadcastChannel(channel);
  bus.postMessage(null);
  bus.close();
}

/** Called in a tab whose user changed in another tab, so that it reloads instead of acting for the former user. */
export function onUserChange(onChanged: () => void): void {
  // A channel receives from the other channels of its own window too.
  new BroadcastChannel(channel).addEventListener("message", () => void (isOwn || onChanged()));
}
