"use strict";
(() => {
  const table = document.getElementById("risks");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headings = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  document.documentElement.classList.add("js");

  // Numbers are integers and may be too long for a binary float; blanks come last in either order.
  const compare = {
    number: (one, other) => (BigInt(one) < BigInt(other) ? -1 : BigInt(one) > BigInt(other) ? 1 : 0),
    text: (one, other) => collator.compare(one, other),
  };
  const sort = (heading, order) => {
    const place = headings.indexOf(heading);
    const value = (row) => row.cells[place].dataset.value;
    const sign = order === "ascending" ? 1 : -1;
    rows.sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      return sign * compare[heading.dataset.sort](a, b);
    });
    headings.forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
    body.append(...rows);
  };
  for (const heading of headings.filter((each) => each.dataset.sort)) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const first = heading.dataset.first || "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      sort(heading, heading.getAttribute("aria-sort") === first ? other : first);
    });
  }

  const form = document.querySelector(".filter");
  const [find, status, found] = ["find", "status", "found"].map((id) => document.getElementById(id));
  const filter = () => {
    const words = find.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.normalize("NFKC").toLowerCase();
      const fits = words.every((word) => text.includes(word));
      row.hidden = !fits || (status.value !== "" && row.dataset.status !== status.value);
      shown += !row.hidden;
    }
    found.textContent = `${shown} / ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  filter();
})();
