import { useEffect } from "react";

/**
 * A window of our own that leads to someone else's page and comes back, and how it notifies the one that opened it. A channel, because the
 * way there may cut the tie between the two. `name` is that of the channel and of the window.
 */
export function createPopup<T>(name: string, { width, height }: { width: number; height: number }) {
  return {
    /** Before anything is awaited, or the browser takes it for an advertisement. Null when it was blocked. */
    open: (): Window | null => window.open("about:blank", name, `popup,width=${width},height=${height}`),
    /** In the window that came back: notifies the others, and closes itself where it may. */
    post: (answer: T): void => {
      const channel = new BroadcastChannel(name);
      channel.postMessage(answer);
      channel.close();
      if (window.name === name) window.close();
    },
    useAnswer: (listener: (answer: T) => void): void => {
      useEffect(() => {
        const channel = new BroadcastChannel(name);
        channel.onmessage = ({ data }) => listener(data as T);
        return () => channel.close();
      }, [listener]);
    },
  };
}
