import { useEffect } from "react";

/** How the window that comes back from a server's sign-in tells the one that began it. A channel, because the way there may cut the tie between the two. */
const channelName = "mcp-sign-in";
export type SignInOutcome = "done" | "failed" | "refused";

/** Opens before anything is awaited, or the browser takes it for an advertisement. Null when it was blocked. */
export const openSignInWindow = (): Window | null => window.open("about:blank", channelName, "popup,width=560,height=720");

export function useSignedIn(listener: (outcome: SignInOutcome) => void): void {
  useEffect(() => {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = ({ data }) => listener(data as SignInOutcome);
    return () => channel.close();
  }, [listener]);
}

/** In the window that came back: tells the others, and closes itself where it may. */
export function tellSignedIn(outcome: SignInOutcome): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage(outcome);
  channel.close();
  if (window.name === channelName) window.close();
}
