const channel = "tesslate.identity";
/** This tab is on its way already. */
let isOwn = false;

/** Tells the other tabs of this browser that the session's cookie is somebody else's now. */
export function announceIdentity(): void {
  isOwn = true;
  const bus = new BroadcastChannel(channel);
  bus.postMessage(null);
  bus.close();
}

/** A tab that knows somebody else would act in the wrong name: it begins anew. */
export function followIdentity(onChanged: () => void): void {
  // A channel hears the other channels of its own window too.
  new BroadcastChannel(channel).addEventListener("message", () => void (isOwn || onChanged()));
}
