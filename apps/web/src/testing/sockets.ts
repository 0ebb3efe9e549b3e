import { api, connection } from "../api.ts";
import type { Services } from "../project/services.ts";

/** The server's end of a socket that the page opened. */
export interface CannedSocket {
  path: string;
  /** Frames of the page, parsed. */
  sent: unknown[];
  isClosed: boolean;
  open: () => void;
  say: (frame: object) => void;
  /** The server closes it. */
  end: (code: number) => void;
}

/** Services whose sockets the test answers, and the sockets that were opened, oldest first. */
export function cannedSockets(): { services: Services; sockets: CannedSocket[] } {
  const sockets: CannedSocket[] = [];
  const openSocket = (path: string): WebSocket => {
    const page: Pick<WebSocket, "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"> & { readyState: number } = {
      readyState: 0,
      send: (text) => void socket.sent.push(JSON.parse(String(text))),
      close: () => {
        socket.isClosed = true;
        page.readyState = 3;
      },
      onopen: null,
      onmessage: null,
      onclose: null,
    };
    const whole = page as WebSocket;
    const socket: CannedSocket = {
      path,
      sent: [],
      isClosed: false,
      open: () => {
        page.readyState = WebSocket.OPEN;
        page.onopen?.call(whole, new Event("open"));
      },
      say: (frame) => page.onmessage?.call(whole, new MessageEvent("message", { data: JSON.stringify(frame) })),
      end: (code) => {
        page.readyState = 3;
        page.onclose?.call(whole, new CloseEvent("close", { code }));
      },
    };
    sockets.push(socket);
    return whole;
  };
  return { services: { api, uploading: () => api, openSocket, connection }, sockets };
}
