/* Draws a burn-down from the numbers that stand in the page; the table beneath says the same without it. */
(() => {
  "use strict";
  const place = document.getElementById("plot");
  const source = document.getElementById("plot-data");
  if (!place || !source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const locale = document.documentElement.lang.startsWith("en") ? "en" : "zh-CN";
  const chart = echarts.init(place, null, { renderer: "canvas" });
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const money = (value) => Number(value).toLocaleString(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const short = (value) => locale === "en" ? Number(value).toLocaleString("en", { maximumFractionDigits: 0 })
    : value >= 10000 ? `${Number(value / 10000).toLocaleString("zh-CN", { maximumFractionDigits: 2 })}万` : String(value);
  const line = (name, points, colour, more) => ({
    name, type: "line", data: points, symbol: "none", itemStyle: { color: colour }, lineStyle: { color: colour, width: 2.5, ...more },
  });
  const draw = () => {
    const ink = token("--ink"), quiet = token("--ink-2"), faint = token("--line"), warn = token("--part-held");
    const series = data.lines.map((one, place) => line(one.name, one.points, token(one.token), { type: place ? "dashed" : "solid" }));
    if (data.ceiling) {
      series[0].markLine = { symbol: "none", silent: true, data: [{ yAxis: data.ceiling }], lineStyle: { color: quiet, type: "dotted" }, label: { position: "insideEndTop", color: quiet, formatter: data.ceilingName } };
    }
    if (data.forecast) {
      series.push(line(data.forecastName, data.forecast.middle, warn, { type: "dashed" }));
      for (const edge of ["early", "late"]) series.push(line(data.bandName, data.forecast[edge], warn, { type: "dotted", width: 1.5 }));
    }
    chart.setOption({
      animation: false, aria: { enabled: false },
      textStyle: { fontFamily: token("--font-text"), color: ink },
      legend: { top: 0, left: 0, data: [...new Set(series.map((one) => one.name))], textStyle: { color: ink } },
      tooltip: { trigger: "axis", confine: true, valueFormatter: (value) => `${money(value)} ${data.unit}`, backgroundColor: token("--surface"), textStyle: { color: ink } },
      grid: { left: 8, right: 24, top: place.clientWidth < 480 ? 72 : 48, bottom: 8, containLabel: true },
      xAxis: { type: "time", min: data.first, max: data.last, axisLabel: { color: quiet, hideOverlap: true, formatter: "{MM}-{dd}" }, axisLine: { lineStyle: { color: faint } } },
      yAxis: { type: "value", min: 0, axisLabel: { color: quiet, formatter: short }, splitLine: { lineStyle: { color: faint } } },
      series,
    }, true);
    place.dataset.drawn = "true";
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => { chart.resize(); draw(); }); });
})();
