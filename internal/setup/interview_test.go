package setup

import (
	"strings"
	"testing"
)

// say gives answers until there is no more question, and lists the keys that were asked.
func say(t *testing.T, i *Interview, answers map[string]string) []string {
	t.Helper()
	var asked []string
	for range 40 {
		q, ok := i.Question()
		if !ok {
			return asked
		}
		asked = append(asked, q.Key)
		if q.Ask == "" || q.Why == "" || strings.Contains(q.Why, "\n") {
			t.Errorf("%s does not say what it is for", q.Key)
		}
		if err := i.Answer(answers[q.Key]); err != nil {
			t.Fatalf("%s: %v", q.Key, err)
		}
	}
	t.Fatalf("it never ends: %v", asked)
	return nil
}

func TestInterviewAsksWhatMustBeAsked(t *testing.T) {
	i := NewInterview(Answers{}, anna())
	asked := say(t, i, map[string]string{
		"nodes.1.address": "10.0.0.11", "nodes.2.address": "10.0.0.12", "nodes.3.address": " 10.0.0.13 ",
		"db_vip": "10.0.0.21", "web_vip": "10.0.0.22", "server_name": "NetBox.example.com",
	})
	want := "cluster environment nodes.1.address nodes.1.name nodes.2.address nodes.2.name nodes.3.address nodes.3.name nodes.4.address ssh_user ssh_keys ssh_jump " +
		"become networks interface db_vip web_vip server_name netbox_source netbox_version netbox_archive"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked\n%s, want\n%s", got, want)
	}
	a, warnings, err := i.Answers()
	if err != nil || len(warnings) > 0 || len(a.Nodes) != 3 || a.Nodes[2] != (Node{"netbox-node-3", "10.0.0.13"}) || a.ServerName != "netbox.example.com" {
		t.Errorf("got %+v, %v, %v", a, warnings, err)
	}
	if _, err := Make(a, NewSecrets(), Vault{}); err != nil {
		t.Error(err)
	}
	if err := i.Answer("x"); err == nil {
		t.Error("an answer to no question")
	}
}

func TestInterviewSkipsWhatIsGiven(t *testing.T) {
	given := three()
	given.NetBoxSource, given.WebVIP = "standin", "10.0.0.11"
	i := NewInterview(given, anna())
	asked := []string{}
	for {
		q, ok := i.Question()
		if !ok {
			break
		}
		asked = append(asked, q.Key)
		text := ""
		if q.Key == "web_vip" {
			if why, was := i.Refused(q); !strings.Contains(why, "host n1") || was != "10.0.0.11" {
				t.Errorf("refused: %q, %q", why, was)
			}
			text = "10.0.0.22"
		}
		if err := i.Answer(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(asked, " "); got != "cluster environment ssh_user ssh_keys ssh_jump become networks interface web_vip" {
		t.Errorf("asked %s", got)
	}
}

func TestInterviewGoesBack(t *testing.T) {
	i := NewInterview(Answers{}, anna())
	if _, ok := i.Back(); ok {
		t.Error("back before the first question")
	}
	for _, text := range []string{"c", "", "10.0.0.11", "a", "10.0.0.12", "b", ""} {
		if err := i.Answer(text); err != nil {
			t.Fatal(err)
		}
	}
	last := i.Answered()[6]
	if !strings.Contains(last.Warning, "odd number") {
		t.Errorf("two hosts: %+v", last)
	}
	for _, want := range []string{"", "b"} {
		if text, ok := i.Back(); !ok || text != want {
			t.Errorf("back to %q, want %q", text, want)
		}
	}
	if q, _ := i.Question(); q.Key != "nodes.2.name" {
		t.Errorf("the question is %s", q.Key)
	}
	for _, bad := range []string{"a", "-x", "console"} {
		if err := i.Answer(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := i.Answer("b2"); err != nil {
		t.Fatal(err)
	}
	if q, _ := i.Question(); q.Key != "nodes.3.address" || len(i.Answered()) != 6 {
		t.Errorf("the question is %s after %d answers", q.Key, len(i.Answered()))
	}
}

// The environment is asked for, with production for who only presses enter, and stands in the cluster file.
func TestInterviewAsksForTheEnvironment(t *testing.T) {
	for text, want := range map[string]string{"": "production", "staging": "staging", "training": "training"} {
		given := three()
		i := NewInterview(given, anna())
		say(t, i, map[string]string{"environment": text})
		a, _, err := i.Answers()
		if err != nil || a.Environment != want {
			t.Fatalf("%q makes %q, %v", text, a.Environment, err)
		}
		files, err := Make(a, NewSecrets(), Vault{})
		if err != nil || !strings.Contains(string(files[0].Data), "environment: "+want+"\n") {
			t.Errorf("%q: %v, %s", text, err, files[0].Data)
		}
	}
	i := NewInterview(Answers{Cluster: "c"}, anna())
	if q, _ := i.Question(); i.Default(q) != "production" || len(q.Choices) != 3 {
		t.Errorf("the question is %+v", q)
	}
	for _, bad := range []string{"lab", "prod"} {
		if err := i.Answer(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// What was given and is gone back to can be changed, and is not answered by itself again.
func TestInterviewGivenCanBeChanged(t *testing.T) {
	i := NewInterview(Answers{Cluster: "given", Environment: "staging"}, anna())
	if q, _ := i.Question(); q.Key != "nodes.1.address" {
		t.Fatalf("the question is %s", q.Key)
	}
	if text, ok := i.Back(); !ok || text != "staging" {
		t.Errorf("back to %q", text)
	}
	if text, ok := i.Back(); !ok || text != "given" {
		t.Errorf("back to %q", text)
	}
	if q, _ := i.Question(); q.Key != "cluster" {
		t.Errorf("the question is %s", q.Key)
	}
	if err := i.Answer("changed"); err != nil {
		t.Fatal(err)
	}
	if q, _ := i.Question(); q.Key != "environment" {
		t.Errorf("the question is %s", q.Key)
	}
	if err := i.Answer("training"); err != nil {
		t.Fatal(err)
	}
	if q, _ := i.Question(); q.Key != "nodes.1.address" {
		t.Errorf("the question is %s", q.Key)
	}
}
