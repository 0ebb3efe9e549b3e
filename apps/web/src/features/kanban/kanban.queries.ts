import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";

type Api = Client<Contract>;

/** Kept true by `board_changed` (see workbench/patch-cache.ts): every change of the board asks for it again. */
const live = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;

export const boardKey = (projectId: string) => ["project", projectId, "board"] as const;
export const boardQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: boardKey(projectId),
    queryFn: ({ signal }) => api.kanban.board({ params: { project_id: projectId } }, { signal }),
    ...live,
  });

export const cardKey = (projectId: string, cardId: string) => ["project", projectId, "card", cardId] as const;
/** A card with its comments. */
export const cardQuery = (api: Api, projectId: string, cardId: string) =>
  queryOptions({
    queryKey: cardKey(projectId, cardId),
    queryFn: ({ signal }) => api.kanban.getCard({ params: { project_id: projectId, id: cardId } }, { signal }),
    ...live,
  });
