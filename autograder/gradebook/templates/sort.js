// A click on a column's head sorts the table by it; a second click turns the order round.
for (const table of document.querySelectorAll("table.sortable")) {
  const value = (row, place) => {
    const cell = row.cells[place];
    const text = cell ? cell.dataset.value ?? cell.textContent.trim() : "";
    return text !== "" && isFinite(parseFloat(text)) && /^[-+\d.]/.test(text) ? parseFloat(text) : text;
  };
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    head.tabIndex = 0;
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      [...body.rows].sort((one, other) => {
        const [a, b] = [value(one, place), value(other, place)];
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
        return down ? -order : order;
      }).forEach(row => body.append(row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
  });
}
