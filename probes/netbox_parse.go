package probes

import "fmt"

// netboxStatus is NetBox's /api/status/. What a version does not tell is empty or nil.
type netboxStatus struct {
	Version, Hostname string
	Workers           *int
	Plugins           map[string]string
}

// parseNetBoxStatus reads /api/status/: netbox-version, hostname (not in older versions), plugins and rq-workers-running.
func parseNetBoxStatus(body []byte) (netboxStatus, error) {
	var raw struct {
		Version  string         `json:"netbox-version"`
		Full     string         `json:"netbox-full-version"`
		Hostname string         `json:"hostname"`
		Workers  *float64       `json:"rq-workers-running"`
		Plugins  map[string]any `json:"plugins"`
	}
	if err := decode("/api/status/", body, '{', &raw); err != nil {
		return netboxStatus{}, err
	}
	if raw.Version == "" && raw.Full == "" {
		return netboxStatus{}, fmt.Errorf("GET /api/status/: there is no netbox-version in it (%s)", firstWords(body))
	}
	out := netboxStatus{Version: line(either(raw.Version, raw.Full)), Hostname: line(raw.Hostname), Workers: whole(raw.Workers)}
	if raw.Plugins != nil {
		out.Plugins = map[string]string{}
		for name, version := range raw.Plugins {
			out.Plugins[line(name)] = line(fmt.Sprint(version))
		}
	}
	return out, nil
}
