import { useQuery } from "@tanstack/react-query";
import {
  Background,
  BackgroundVariant,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from "@xyflow/react";
import { ArrowLeft, KeyRound, Link2, Maximize, Minus, Plus } from "lucide-react";
import { memo, useMemo, type KeyboardEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useDatabase } from "./data-context.ts";
import { schemaQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { drawnSchema, headHeight, lineHeight, tableWidth, type DrawnTable } from "./relations.ts";
import { tableLabel } from "./table.ts";
import "../../ui/react-flow.css";

type TableNode = Node<{ table: DrawnTable }, "table">;
const nodeTypes = { table: memo(TableBox) };
const fit = { padding: 0.12, maxZoom: 1 };

/** Tables and foreign keys as a diagram. A table opens with a click or Enter. */
export function RelationsView() {
  const { api } = useServices();
  const { params, database, place } = useDatabase();
  const isNarrow = useIsNarrow();
  const schema = useQuery(schemaQuery(api, params.id, params.database_id));
  return (
    <>
      <header className="flex h-10 flex-none items-center gap-2 border-b border-line-0 px-3 narrow:h-12 narrow:px-2">
        {isNarrow ? (
          <IconButton size="sm" label="Back to tables" onClick={() => place.change({ panel: undefined })}>
            <ArrowLeft size={14} />
          </IconButton>
        ) : null}
        <h2 className="min-w-0 truncate text-sm">Relations</h2>
        {schema.data ? (
          <span className="num text-xs text-fg-2">
            {`${counted(schema.data.tables.length, "table")}, ${counted(
              schema.data.tables.reduce((sum, table) => sum + table.foreign_keys.length, 0),
              "foreign key",
            )}`}
          </span>
        ) : null}
      </header>
      {schema.data?.is_truncated ? (
        <p className="flex-none border-b border-line-0 px-3 py-1.5 text-xs text-fg-2">This schema is too large to draw in full: some tables are missing.</p>
      ) : null}
      {schema.isPending ? (
        <SkeletonRows count={10} label="Loading schema…" className="p-4" />
      ) : !schema.data ? (
        <DataError title="Couldn't load the schema" of={schema} />
      ) : schema.data.tables.length === 0 ? (
        <EmptyState title={`${database.name} has no tables yet`}>Tables and their foreign keys are drawn here.</EmptyState>
      ) : (
        <ReactFlowProvider>
          <Diagram schema={schema.data} />
        </ReactFlowProvider>
      )}
    </>
  );
}

function Diagram({ schema }: { schema: Parameters<typeof drawnSchema>[0] }) {
  const { place } = useDatabase();
  const { nodes, edges } = useMemo(() => {
    const drawn = drawnSchema(schema);
    return {
      nodes: drawn.tables.map(
        (table): TableNode => ({
          id: table.id,
          type: "table",
          position: { x: table.x, y: table.y },
          width: tableWidth,
          height: table.height,
          data: { table },
          ariaLabel: spoken(table),
        }),
      ),
      edges: drawn.references.map(
        (reference): Edge => ({
          id: reference.id,
          source: reference.source,
          target: reference.target,
          type: "smoothstep",
          focusable: false,
          ariaLabel: `${reference.source} (${reference.columns.join(", ")}) references ${reference.target} (${reference.toColumns.join(", ")})`,
          markerEnd: { type: MarkerType.ArrowClosed, color: "var(--line-1)", width: 16, height: 16 },
          style: { stroke: "var(--line-1)", strokeWidth: 1.5 },
        }),
      ),
    };
  }, [schema]);
  const openTable = (id: string | undefined) => {
    const node = nodes.find((one) => one.id === id);
    if (node) place.openTable(node.data.table);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.target as Element).matches(".react-flow__node")) return;
    event.preventDefault();
    openTable((event.target as HTMLElement).dataset["id"]);
  };
  return (
    <div className="relative min-h-0 flex-1">
      <ReactFlow
        aria-label="Tables and foreign keys"
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        onKeyDown={onKeyDown}
        onNodeClick={(_, { id }) => openTable(id)}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        nodesFocusable
        disableKeyboardA11y
        deleteKeyCode={null}
        fitView
        fitViewOptions={fit}
        minZoom={0.1}
        maxZoom={1.5}
        onlyRenderVisibleElements={nodes.length > 60}
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{ "node.a11yDescription.default": "Press Enter to open the table." }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} color="var(--graph-dot)" />
      </ReactFlow>
      <Zoom />
    </div>
  );
}

const spoken = (table: DrawnTable): string => {
  const columns = counted(table.columns.length + table.more, "column");
  return table.references.length > 0
    ? `${tableLabel(table)}: ${columns}, references ${table.references.join(", ")}`
    : `${tableLabel(table)}: ${columns}`;
};

function TableBox({ data: { table } }: NodeProps<TableNode>) {
  return (
    <div className="on-sheet size-full cursor-pointer overflow-hidden rounded-2 border border-line-1 bg-bg-1 text-2xs shadow-1 hover:border-fg-2">
      <Handle type="target" position={Position.Left} className="opacity-0" />
      <Handle type="source" position={Position.Right} className="opacity-0" />
      <div className="flex items-center border-b border-line-0 bg-bg-2 px-2.5 font-mono text-xs font-medium text-fg-0" style={{ height: headHeight }}>
        <span className="truncate">{tableLabel(table)}</span>
      </div>
      <ul className="py-1">
        {table.columns.map((column) => (
          <li key={column.name} className="flex items-center gap-1.5 px-2.5 font-mono" style={{ height: lineHeight }}>
            <span className="w-3 flex-none text-fg-2">
              {column.isKey ? <KeyRound size={11} /> : column.isReference ? <Link2 size={11} /> : null}
            </span>
            <span className="min-w-0 flex-1 truncate text-fg-1">{column.name}</span>
            <span className="max-w-24 flex-none truncate text-fg-2">{column.type}</span>
          </li>
        ))}
        {table.more > 0 ? (
          <li className="px-7 text-fg-2" style={{ height: lineHeight }}>
            {`${table.more} more`}
          </li>
        ) : null}
      </ul>
    </div>
  );
}

function Zoom() {
  const flow = useReactFlow();
  return (
    <div role="group" aria-label="Zoom" className="absolute bottom-3 left-3 z-5 inline-flex rounded-2 border border-line-0 bg-bg-1">
      <IconButton size="sm" label="Zoom out" tooltipSide="top" onClick={() => void flow.zoomOut()}>
        <Minus size={14} />
      </IconButton>
      <IconButton size="sm" label="Zoom in" tooltipSide="top" onClick={() => void flow.zoomIn()}>
        <Plus size={14} />
      </IconButton>
      <IconButton size="sm" label="Zoom to fit" tooltipSide="top" onClick={() => void flow.fitView(fit)}>
        <Maximize size={14} />
      </IconButton>
    </div>
  );
}
