import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Contract, McpServer, McpServerChange, NewMcpServer } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { useServices } from "../../project/services.ts";

/** The project whose servers these are, or undefined for the user's own. */
export type McpPlace = string | undefined;
const key = (place: McpPlace) => ["mcp-servers", place ?? "own"] as const;

export const mcpServersQuery = (api: Client<Contract>, place: McpPlace) =>
  queryOptions({
    queryKey: key(place),
    queryFn: async ({ signal }): Promise<McpServer[]> =>
      (await api.mcp.list({ query: { limit: 100, ...(place !== undefined && { project_id: place }) } }, { signal })).items,
  });

export function useMcpActions(place: McpPlace) {
  const { api } = useServices();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: key(place) });
  return {
    create: useMutation({
      mutationFn: (body: Omit<NewMcpServer, "project_id">) => api.mcp.create({ body: { ...body, project_id: place ?? null } }),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, change }: { id: string; change: McpServerChange }) => api.mcp.update({ params: { id }, body: change }),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: string) => api.mcp.remove({ params: { id } }), onSuccess }),
    /** A command that belongs to the user is tested in the project that was used last. */
    test: useMutation({
      mutationFn: async (server: McpServer) => {
        const needsPlace = server.transport === "stdio" && server.project_id === null;
        const [project] = needsPlace ? (await api.projects.list({ query: { limit: 1 } })).items : [];
        return api.mcp.test({ params: { id: server.id }, body: { project_id: project?.id ?? null } });
      },
      onSuccess,
    }),
    authorize: useMutation({ mutationFn: (id: string) => api.mcp.authorize({ params: { id } }) }),
    forget: useMutation({ mutationFn: (id: string) => api.mcp.forget({ params: { id } }), onSuccess }),
    refresh: onSuccess,
  };
}
