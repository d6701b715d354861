/* Draws what stands in data-plot when it comes into sight; the table beneath says the same, so nothing is lost without. */
(() => {
  const library = document.currentScript.dataset.echarts;
  const plots = [...document.querySelectorAll("[data-plot]")];
  if (!plots.length || !("IntersectionObserver" in window)) return;
  let loading;
  const load = () => (loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = library;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  }));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
  const type = () => ({ color: colour("--ink-2"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 0.8125 * rem() });
  const WAN = 1000000;
  const wan = (fen) => (fen / WAN).toLocaleString("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  const lines = (plot) => ({
    animation: false,
    textStyle: type(),
    color: [colour("--part-settled"), colour("--part-held"), colour("--ok")],
    grid: { left: 8, right: 16, top: 68, bottom: 8, containLabel: true },
    legend: { top: 8, left: 8, icon: "path://M0 4h16v2h-16z", textStyle: type() },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: wan },
    xAxis: { type: "category", data: plot.x, axisLabel: type(), axisLine: { lineStyle: { color: colour("--control-line") } } },
    yAxis: { type: "value", name: plot.unit, nameTextStyle: { ...type(), align: "left" }, min: 0, axisLabel: { ...type(), formatter: (fen) => (fen / WAN).toLocaleString() }, splitLine: { lineStyle: { color: colour("--line") } } },
    series: plot.series.map((one) => ({ type: "line", name: one.name, data: one.data, lineStyle: { type: one.dash, width: 2 }, symbolSize: 5 })),
  });

  const DASH = { measured: "solid", published: "dashed", model: "dotted" };
  const map = (plot, box) => {
    const ring = (r) => Array.from({ length: 73 }, (_, step) => [r * Math.sin((step * Math.PI) / 36), r * Math.cos((step * Math.PI) / 36)]);
    const inner = plot.nodes.filter((node) => !node.x && !node.y);
    const outer = plot.nodes.filter((node) => node.x || node.y);
    const hidden = { type: "value", min: -3.7, max: 3.7, show: false };
    const wide = box.clientWidth > 480;
    const label = (node) => (node.rtt && wide ? `${node.name} ${node.rtt}` : node.name);
    const align = (x) => (x > 2 ? "right" : x < -2 ? "left" : "center");
    return {
      animation: false,
      textStyle: type(),
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      xAxis: hidden,
      yAxis: hidden,
      tooltip: { renderMode: "richText", confine: true, formatter: (it) => it.data?.told || "" },
      series: [
        ...plot.rings.map((one) => ({ type: "line", data: ring(one.r), symbol: "none", silent: true, lineStyle: { color: colour("--line"), width: 1 }, endLabel: { show: false } })),
        { type: "scatter", silent: true, symbolSize: 1, z: 3, itemStyle: { color: "transparent" }, data: plot.rings.map((one) => ({ value: [-one.r * 0.707, one.r * 0.707], name: one.name })), label: { show: true, formatter: "{b}", ...type(), backgroundColor: colour("--surface"), padding: [0, 4] } },
        ...outer.map((node) => ({ type: "line", data: [[0, 0], [node.x, node.y]], symbol: "none", silent: true, lineStyle: { color: colour("--brand"), opacity: 0.45, width: 1.25, type: DASH[node.known] || "dotted" } })),
        { type: "scatter", symbolSize: 12, data: outer.map((node) => ({ value: [node.x, node.y], name: label(node), label: { align: align(node.x) }, told: [node.name, ...node.detail, node.rtt && `${node.rtt} ${plot.ms}`].filter(Boolean).join("\n") })), itemStyle: { color: colour("--surface"), borderColor: colour("--brand"), borderWidth: 2 }, label: { show: true, position: "bottom", formatter: "{b}", ...type(), color: colour("--ink") }, labelLayout: { hideOverlap: false } },
        { type: "scatter", symbolSize: 54, data: inner.map((node) => ({ value: [0, 0], name: node.name, told: [node.name, ...node.detail].join("\n") })), itemStyle: { color: colour("--brand") }, label: { show: true, position: "inside", formatter: "{b}", ...type(), color: colour("--surface"), fontWeight: 600 } },
      ],
    };
  };

  const draw = async (box) => {
    try { await load(); } catch { return; }
    const plot = JSON.parse(box.dataset.plot);
    const chart = echarts.init(box, null, { renderer: "canvas" });
    chart.setOption(plot.kind === "map" ? map(plot, box) : lines(plot));
    new ResizeObserver(() => chart.resize()).observe(box);
    box.dataset.drawn = "yes";
  };
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => { seen.unobserve(entry.target); draw(entry.target); }), { rootMargin: "200px" });
  plots.forEach((box) => seen.observe(box));
})();
