import type { DeploymentTarget, DeployProvider } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { toastWithUndo, toastError } from "../../ui/toast.tsx";
import type { CanvasCache } from "./canvas-cache.ts";
import type { TargetChange } from "./canvas-context.ts";
import type { History } from "./history.ts";

/** What a person does with targets on the canvas. Everything but a deployment can be undone. */
export function useTargetActions({
  projectId,
  history,
  cache,
  spot,
  onAdded,
}: {
  projectId: string;
  history: History;
  cache: CanvasCache;
  /** A free spot in the visible area. */
  spot: () => { x: number; y: number };
  onAdded: (id: string) => void;
}) {
  const { api } = useServices();
  const complain = (error: unknown) => toastError(error);
  const inTarget = (id: string) => ({ project_id: projectId, target_id: history.now(id) });
  type NewTarget = Pick<DeploymentTarget, "provider" | "position_x" | "position_y"> &
    Partial<Pick<DeploymentTarget, "name" | "environment">>;
  const createTarget = async (body: NewTarget, containerIds: readonly string[] = []): Promise<DeploymentTarget> => {
    let target = await api.deploymentTargets.create({ params: { project_id: projectId }, body });
    for (const containerId of containerIds)
      target = await api.deploymentTargets.attach({
        params: { project_id: projectId, target_id: target.id, container_id: history.now(containerId) },
      });
    cache.put("targets", target);
    return target;
  };
  const removeTarget = async (id: string) => {
    await api.deploymentTargets.remove({ params: inTarget(id) });
    cache.drop("targets", history.now(id));
  };
  const addTarget = useHandler(async (provider: DeployProvider): Promise<string | undefined> => {
    const at = spot();
    const body = { provider, position_x: at.x, position_y: at.y };
    try {
      const first = await createTarget(body);
      history.record({
        label: `Added ${first.name}`,
        undo: () => removeTarget(first.id),
        redo: async () => history.rename(history.now(first.id), (await createTarget(body)).id),
      });
      onAdded(first.id);
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  const deleteTarget = async ({ id, provider, name, environment, position_x, position_y, container_ids }: DeploymentTarget) => {
    try {
      await removeTarget(id);
      history.record({
        label: `Deleted ${name}`,
        undo: async () => {
          const back = await createTarget({ provider, name, environment, position_x, position_y }, container_ids);
          history.rename(history.now(id), back.id);
        },
        redo: () => removeTarget(id),
      });
      toastWithUndo(`${name} deleted. Its deployments aren't affected.`, history.undo);
    } catch (error) {
      complain(error);
    }
  };
  const sendAttach = async (targetId: string, containerId: string) =>
    cache.put("targets", await api.deploymentTargets.attach({ params: { ...inTarget(targetId), container_id: history.now(containerId) } }));
  const sendDetach = async (targetId: string, containerId: string) => {
    const gone = history.now(containerId);
    await api.deploymentTargets.detach({ params: { ...inTarget(targetId), container_id: gone } });
    const target = cache.read("targets", history.now(targetId));
    if (target) cache.put("targets", { ...target, container_ids: target.container_ids.filter((known) => known !== gone) });
  };
  const attach = useHandler(async (targetId: string, containerId: string): Promise<string | undefined> => {
    try {
      await sendAttach(targetId, containerId);
      history.record({
        label: "Attached container",
        undo: () => sendDetach(targetId, containerId),
        redo: () => sendAttach(targetId, containerId),
      });
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  const detach = useHandler(async (targetId: string, containerId: string) => {
    try {
      await sendDetach(targetId, containerId);
      history.record({
        label: "Detached container",
        undo: () => sendAttach(targetId, containerId),
        redo: () => sendDetach(targetId, containerId),
      });
      toastWithUndo("Container detached. Its deployments aren't affected.", history.undo);
    } catch (error) {
      complain(error);
    }
  });
  const sendChange = async (id: string, body: TargetChange) =>
    cache.put("targets", await api.deploymentTargets.update({ params: inTarget(id), body }));
  const changeTarget = useHandler(async (id: string, change: TargetChange): Promise<string | undefined> => {
    const before = cache.read("targets", id);
    if (!before) return "This target was deleted.";
    const back: TargetChange = {
      ...(change.name !== undefined && { name: before.name }),
      ...(change.environment !== undefined && { environment: before.environment }),
    };
    try {
      await sendChange(id, change);
      history.record({ label: "Changed target", undo: () => sendChange(id, back), redo: () => sendChange(id, change) });
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  const deployTarget = useHandler(async (id: string) => {
    const { results } = await api.deploymentTargets.deploy({ params: inTarget(id) });
    void cache.refetch("deployments");
    return results;
  });

  return { addTarget, deleteTarget, attach, detach, changeTarget, deployTarget };
}
