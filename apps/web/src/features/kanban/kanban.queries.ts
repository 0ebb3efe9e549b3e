import { queryOptions } from "@tanstack/react-query";
import type { Contract } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";

type Api = Client<Contract>;

export const boardKey = (projectId: string) => partKey(projectId, "board");
export const boardQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: boardKey(projectId),
    queryFn: ({ signal }) => api.kanban.board({ params: { project_id: projectId } }, { signal }),
    ...live,
  });

export const cardKey = (projectId: string, cardId: string) => [...partKey(projectId, "card"), cardId] as const;
/** A card with its comments. */
export const cardQuery = (api: Api, projectId: string, cardId: string) =>
  queryOptions({
    queryKey: cardKey(projectId, cardId),
    queryFn: ({ signal }) => api.kanban.getCard({ params: { project_id: projectId, id: cardId } }, { signal }),
    ...live,
  });
