/* Draws the exchange's plots from the numbers that stand in the page; the table beneath says the same without it. */
(() => {
  "use strict";
  const place = document.getElementById("market-plot");
  const source = document.getElementById("market-data");
  if (!place || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const chart = echarts.init(place, null, { renderer: "canvas" });
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const yuan = (fen) => (fen / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const COLOURS = ["--part-used", "--part-held", "--ok", "--bad", "--part-settled", "--part-ended", "--brand", "--warn"];
  const MARKS = ["circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect", "emptyCircle"];
  const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4], [6, 2], [3, 6]];
  const hour = (text) => {
    const told = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).formatToParts(new Date(text));
    const part = (type) => told.find((one) => one.type === type).value;
    return `${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
  };
  const axis = (name, more) => ({
    name, nameTextStyle: { color: token("--ink-2") }, axisLabel: { color: token("--ink-2"), hideOverlap: true },
    axisLine: { lineStyle: { color: token("--line") } }, splitLine: { lineStyle: { color: token("--line") } }, ...more,
  });
  const frame = (series, names) => ({
    animation: false, aria: { enabled: false },
    textStyle: { fontFamily: token("--font-text"), color: token("--ink") },
    legend: { top: 0, left: 0, data: names, textStyle: { color: token("--ink") } },
    grid: { left: 8, right: 28, top: 64, bottom: data.kind === "prices" ? 4 : 28, containLabel: true },
    series,
  });
  const prices = () => {
    const series = data.lines.map((one, n) => ({
      name: one.name, type: "line", step: "end", symbol: MARKS[n % MARKS.length], symbolSize: 7, data: one.points,
      itemStyle: { color: token(COLOURS[n % COLOURS.length]) }, lineStyle: { width: 2.5, type: DASHES[n % DASHES.length] },
    }));
    return {
      ...frame(series, data.lines.map((one) => one.name)),
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: (fen) => (fen == null ? "—" : yuan(fen)), backgroundColor: token("--surface"), textStyle: { color: token("--ink") } },
      xAxis: axis("", { type: "category", data: data.starts.map(hour) }),
      yAxis: axis(data.words[1], { type: "value", scale: true, axisLabel: { color: token("--ink-2"), formatter: yuan } }),
    };
  };
  const steps = () => {
    const series = data.lines.filter((one) => one.points.length).map((one) => ({
      name: one.name, type: "line", symbol: "none", data: one.points.flatMap(([from, upto, fen]) => [[from, fen], [upto, fen]]),
      itemStyle: { color: token(one.side === "ASK" ? "--part-used" : "--part-held") },
      lineStyle: { width: 2.5, type: one.side === "ASK" ? "solid" : "dashed" },
    }));
    if (data.price !== null && series.length) {
      series[0].markLine = { symbol: "none", silent: true, data: [{ yAxis: data.price }], lineStyle: { color: token("--ink"), type: "dotted", width: 2 }, label: { position: "insideEndTop", color: token("--ink"), formatter: `${data.words[2]} ${yuan(data.price)}` } };
    }
    const limits = data.lines.flatMap((one) => one.points.map((point) => point[2])).concat(data.price === null ? [] : [data.price]);
    const room = Math.max(100, (Math.max(...limits) - Math.min(...limits)) * 0.15);
    return {
      ...frame(series, series.map((one) => one.name)),
      xAxis: axis(data.words[0], { type: "value", min: 0, minInterval: 1, nameLocation: "middle", nameGap: 26 }),
      yAxis: axis(data.words[1], { type: "value", min: Math.max(0, Math.floor((Math.min(...limits) - room) / 100) * 100), max: Math.ceil((Math.max(...limits) + room) / 100) * 100, axisLabel: { color: token("--ink-2"), formatter: yuan } }),
    };
  };
  const draw = () => {
    chart.setOption(data.kind === "prices" ? prices() : steps(), true);
    place.dataset.drawn = "true";
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => { chart.resize(); draw(); }); });
})();
