import { useState } from "react";
import { EmptyState } from "../../src/ui/EmptyState.tsx";
import { Pager } from "../../src/ui/Pager.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { Table, type Column, type Sorting } from "../../src/ui/Table.tsx";
import { Sample } from "./Sample.tsx";

interface Order {
  id: string;
  customer: string;
  loaves: number;
  slot: string;
}
const orders: Order[] = [
  { id: "1", customer: "Jonas Keller", loaves: 2, slot: "07:30" },
  { id: "2", customer: "Nadia Brandt", loaves: 12, slot: "08:00" },
  { id: "3", customer: "A customer whose name is longer than the column is wide", loaves: 1, slot: "08:30" },
];
const columns: Column<Order>[] = [
  { id: "customer", head: "Customer", sort: "customer", isGreedy: true, cell: ({ customer }) => customer },
  { id: "loaves", head: "Loaves", sort: "loaves", isFigure: true, cell: ({ loaves }) => loaves },
  { id: "slot", head: "Slot", isWideOnly: true, cell: ({ slot }) => slot },
];
const keyOf = ({ id }: Order) => id;

export function ListSamples() {
  const [sorting, setSorting] = useState<Sorting>();
  const [openKey, setOpenKey] = useState<string>();
  const [page, setPage] = useState(1);
  return (
    <Sample title="Table" note="the server sorts and pages">
      <div className="grid gap-3">
        <Card className="rounded-4">
          <Table
            label="Orders"
            columns={columns}
            rows={orders}
            keyOf={keyOf}
            sorting={sorting}
            onSorting={setSorting}
            onOpen={({ id }) => setOpenKey(id)}
            openKey={openKey}
          />
        </Card>
        <Pager list={{ items: orders, total: 9, total_pages: 3 }} page={page} perPage={3} onPage={setPage} className="justify-end" />
        <Card className="h-48 overflow-y-auto rounded-4">
          <Table label="Orders that load" columns={columns} rows={undefined} keyOf={keyOf} isFlush />
        </Card>
        <Card className="rounded-4">
          <Table columns={columns} rows={[]} keyOf={keyOf} empty={<EmptyState title="No orders yet">Orders appear here.</EmptyState>} />
        </Card>
      </div>
    </Sample>
  );
}
