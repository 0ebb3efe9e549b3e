import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { createContext, use } from "react";
import { api, connection, uploading } from "../api.ts";
import type { Connection } from "../lib/connection.ts";

/** What the workbench talks to. The gallery replaces it by a server of canned answers. */
export interface Services {
  api: Client<Contract>;
  /** The client for one upload; gets the share that is sent, 0 to 1. */
  uploading: (onUpload: (share: number) => void) => Client<Contract>;
  /** A socket on our own origin, by path. */
  openSocket: (path: string) => WebSocket;
  connection: Pick<Connection, "reportStream">;
}

const realServices: Services = {
  api,
  uploading,
  openSocket: (path) => new WebSocket(new URL(path, location.href.replace(/^http/, "ws"))),
  connection,
};

export const ServicesContext = createContext<Services>(realServices);
export const useServices = (): Services => use(ServicesContext);
