// Sorts the tables of the class "sortable" by a click on a header; without it, they keep their order.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const rows = [...table.tBodies[0].rows];
      const numeric = rows.every((row) => row.cells[column].dataset.value !== undefined);
      const descending = head.ariaSort ? head.ariaSort === "ascending" : numeric;
      const order = (a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        if (!numeric) return x.localeCompare(y, "en", { numeric: true }) * (descending ? -1 : 1);
        if (x === "" || y === "") return (x === "") - (y === ""); // without a value: last
        return (x - y) * (descending ? -1 : 1);
      };
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      table.tBodies[0].append(...rows.sort(order));
    });
  });
}
