import { useEffect, useState } from "react";
import { parseCsv } from "./lib/csv";

interface City {
  city: string;
  country: string;
  population: number;
  founded: number;
  note: string;
}
const columns: { key: keyof City; label: string }[] = [
  { key: "city", label: "City" },
  { key: "country", label: "Country" },
  { key: "population", label: "Population" },
  { key: "founded", label: "Founded" },
  { key: "note", label: "Note" },
];
const shown = (city: City, key: keyof City) => (key === "population" ? city.population.toLocaleString("en-US") : String(city[key]));
const compare = (a: string | number, b: string | number) =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));

export default function App() {
  const [cities, setCities] = useState<City[]>([]);
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<{ key: keyof City; isDescending: boolean }>();

  useEffect(() => {
    void fetch("/cities.csv")
      .then((response) => response.text())
      .then((text) =>
        setCities(
          parseCsv(text)
            .slice(1)
            .map(([city = "", country = "", population, founded, note = ""]) => ({
              city,
              country,
              population: Number(population),
              founded: Number(founded),
              note,
            })),
        ),
      );
  }, []);

  const wanted = filter.trim().toLowerCase();
  const found = cities.filter((city) => columns.some(({ key }) => `${city[key]} ${shown(city, key)}`.toLowerCase().includes(wanted)));
  const rows = sort ? found.toSorted((a, b) => compare(a[sort.key], b[sort.key]) * (sort.isDescending ? -1 : 1)) : found;

  return (
    <main className="mx-auto max-w-5xl px-6 py-16">
      <h1 className="text-3xl font-semibold">Cities</h1>
      <label className="mt-6 block max-w-xs">
        Filter
        <input
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className="mt-1 w-full rounded border border-stone-500 bg-transparent px-3 py-2"
        />
      </label>
      <p className="mt-4" role="status">
        {found.length} of {cities.length} cities
      </p>
      {cities.length > 0 && found.length === 0 ? (
        <p className="mt-4">No cities match.</p>
      ) : (
        <table className="mt-4 w-full text-left">
          <thead>
            <tr>
              {columns.map(({ key, label }) => (
                <th key={key} scope="col" aria-sort={sort?.key === key ? (sort.isDescending ? "descending" : "ascending") : undefined}>
                  <button
                    type="button"
                    className="py-2 font-semibold underline"
                    onClick={() => setSort({ key, isDescending: sort?.key === key && !sort.isDescending })}
                  >
                    {label}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((city) => (
              <tr key={city.city} className="border-t border-stone-300 dark:border-stone-700">
                {columns.map(({ key }) => (
                  <td key={key} className="py-2 pr-4">
                    {shown(city, key)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  );
}
