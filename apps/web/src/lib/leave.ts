/**
 * Goes to somebody else's page. What asked for it stays busy until this one is left, and is free again when its reader comes back: browsers keep a
 * page that is left, and show it as it was.
 */
export function leaveFor(address: string): Promise<void> {
  return new Promise((resolve) => {
    const onShow = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return;
      removeEventListener("pageshow", onShow);
      resolve();
    };
    addEventListener("pageshow", onShow);
    location.assign(address);
  });
}
