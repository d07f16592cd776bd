// The pages are whole without this. It adds life: charts that go on, ages that count, and what changed put in place.
import "./age.js";
import "./chart.js";
import "./live.js";
