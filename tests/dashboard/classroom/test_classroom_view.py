"""The Classroom page and the bar above every page, for a teacher and for students."""

import pytest
from visit import ENDLESS, TINY, Visit

from core.classroom.hand_ins import MOST_RUNS
from core.config import PRESETS
from core.errors import RunError, StoreError
from core.experiments.lanes import lane_names
from dashboard import visitor
from dashboard.classroom import commands
from dashboard.server import library, races, recorded_race

pytestmark = pytest.mark.usefixtures("own_server")

TEACHER, ADA, BOB = "0" * 64, "a" * 64, "b" * 64


@pytest.fixture
def room(monkeypatch):
    """The store of a class whose teacher has shown the key."""
    monkeypatch.setenv("UNROLL_TEACHER_KEY", "chalk")
    store = visitor.classroom()
    store.remember_teacher(TEACHER, visitor.teacher_key().proof(TEACHER))
    return store


def classroom_page(browser):
    visit = Visit(browser)
    visit.page.switch_page("views/classroom.py")
    return visit.look()


def labels(visit):
    return [button.label for button in visit.page.button]


def markdown(visit):
    return "\n".join(visit.said("markdown"))


def bars(visit):
    """The HTML of what was answered, if any is on the page."""
    return [html.proto.body for html in visit.page.get("html") if "<table" in html.proto.body]


def outcome(visit):
    """Where the teacher writes what came true."""
    (field,) = [field for field in visit.page.text_area if field.label == "What came true"]
    return field


def answers(visit):
    (radio,) = [radio for radio in visit.page.radio if "Which" in radio.label]
    return radio


def test_without_a_teachers_key_nobody_is_asked_to_join():
    visit = Visit(ADA)
    assert not {"Join", "Look here"} & set(labels(visit))
    with pytest.raises(RunError, match="Only the teacher"):
        commands.ask("Which?", ["a", "b"], "")


@pytest.mark.parametrize(
    "command",
    [
        lambda: commands.ask("Which?", ["a", "b"], ""),
        lambda: commands.lock(1),
        lambda: commands.open_again(1),
        lambda: commands.reveal(1, ""),
        lambda: commands.put_away(1),
        lambda: commands.lead("Learn"),
        commands.let_go,
        lambda: commands.set_address("http://a"),
        commands.forget_class,
        commands.collector,
    ],
)
def test_what_the_teacher_does_is_refused_to_all_others_below_the_buttons(room, command):
    room.questions.put("Which?", ["a", "b"])
    with pytest.raises(RunError, match="Only the teacher does this"):
        command()


def test_a_student_is_asked_for_a_nickname_once_and_may_skip_it(room):
    ada = Visit(ADA)
    ada.page.text_input(key="class_name").set_value("Ada")
    assert "Join" not in labels(ada.click("Join"))
    assert "Join" not in labels(Visit(ADA))
    assert "Join" not in labels(Visit(BOB).click("Without a name"))
    assert [member.name for member in room.members.all()] == ["Ada", ""]


def test_a_student_finds_their_name_and_no_teachers_form_on_the_page(room):
    room.members.join(ADA, "Ada")
    page = classroom_page(ADA)
    assert page.page.text_input(key="class_new_name").value == "Ada"
    page.page.text_input(key="class_new_name").set_value("Ada L.")
    page.look()
    assert room.members.of(ADA).name == "Ada L."
    assert not {"Ask the room", "Look here", "Forget this class"} & set(labels(page))


@pytest.mark.parametrize("stood", ["", "Is it Tuesday?"])
def test_a_press_that_comes_before_a_suggestion_is_shown_asks_it(room, stood):
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Ask")
    teacher.look()
    teacher.page.text_area(key="ask_text").set_value(stood)
    teacher.look()
    teacher.page.selectbox(key="ask_from").select_index(0)
    teacher.look()
    # The browser sends what it shows, and it has not heard of the suggestion yet.
    teacher.page.text_area(key="ask_text").set_value(stood)
    teacher.page.text_area(key="ask_options").set_value("")
    teacher.click("Ask the room")
    asked = room.questions.current()
    assert asked.text == "Which lane will be ahead at the end of the race?"
    assert asked.options == ("tanh", "ReLU", "too close to tell from noise")


def test_a_suggestion_that_was_written_over_is_asked_as_it_was_written(room):
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Ask")
    teacher.look()
    teacher.page.selectbox(key="ask_from").select_index(0)
    teacher.look()
    teacher.page.text_area(key="ask_text").set_value("Which lane?")
    teacher.click("Ask the room")
    assert room.questions.current().text == "Which lane?"


def test_a_question_is_asked_answered_changed_locked_and_revealed(room):
    for browser in (ADA, BOB):
        room.members.join(browser)
    teacher = classroom_page(TEACHER)
    assert any("QR code of http" in html.proto.body for html in teacher.page.get("html"))
    teacher.page.button_group(key="classroom_part").set_value("Ask")
    teacher.look()
    teacher.page.selectbox(key="ask_from").select_index(0)
    teacher.look().click("Ask the room")
    ada = Visit(ADA)
    assert answers(ada).options == ["tanh", "ReLU", "too close to tell from noise"]
    for choice in ("tanh", "ReLU"):
        answers(ada).set_value(choice)
        ada.look()
    assert "1 of 2 answered. Your answer is kept, and you can change it." in ada.said("caption")
    assert answers(Visit(ADA)).value == "ReLU"  # as after a reload
    assert "0 of 2 answered." in markdown(teacher)
    assert "1 of 2 answered." in markdown(teacher.look())
    teacher.click("Lock")
    assert answers(ada.look()).disabled
    assert bars(ada) == bars(teacher) == []
    outcome(teacher).set_value("ReLU, by 0.02 nats")
    teacher.look().click("Show what was answered")
    for page in (ada.look(), Visit(BOB), teacher.look()):
        (shown,) = bars(page)[:1]
        assert "ReLU</th>" in shown
        assert "1 (100%)" in shown
        assert "**Outcome:** ReLU, by 0.02 nats" in markdown(page)
    assert "You answered: ReLU." in markdown(ada)
    teacher.click("Put away")
    assert bars(ada.look()) == []


def test_a_page_that_waits_while_it_is_locked_is_told_so_and_not_counted(room):
    asked = room.questions.put("Which one?", ["a", "b"])
    room.members.join(ADA)
    ada = Visit(ADA)
    room.questions.lock(asked.number)
    answers(ada).set_value("a")  # pressed before the page knew
    ada.look()
    sentence = "This question is locked: what you answered before counts."
    assert ada.said("error") == [sentence]
    assert ada.look().said("error") == [sentence]  # the bar looks every other second
    assert room.questions.answered(asked.number) == 0
    room.questions.open_again(asked.number)
    answers(ada.look()).set_value("b")
    assert ada.look().said("error") == []


def test_a_number_is_asked_for_and_what_people_typed_is_no_html(room):
    room.members.join(ADA)
    asked = room.questions.put("How <b>many</b>?")
    ada = Visit(ADA)
    ada.page.number_input(key=f"class_answer_{asked.number}").set_value(9.5)
    ada.look()
    room.questions.lock(asked.number)
    room.questions.reveal(asked.number, "10")
    (shown,) = bars(ada.look())
    assert '<th scope="row">9.5</th>' in shown
    assert "**How <b>many</b>?**" in markdown(ada)


def test_pages_that_follow_go_where_the_teacher_is_leave_and_return(room):
    room.members.join(ADA)
    ada = Visit(ADA, nodes=40)
    teacher = Visit(TEACHER)
    teacher.page.switch_page("views/learn.py")
    teacher.look()
    teacher.page.button_group(key="picture").set_value("slopes")
    teacher.look().click("Look here")
    ada.look()
    assert "Your teacher is at **Learn**" in markdown(ada)
    assert ada.page.session_state["picture"] == "slopes"
    assert ada.page.session_state["config"].nodes == PRESETS["demo"].config.nodes
    ada.click("Leave")
    assert ada.page.session_state["config"].nodes == 40
    assert not room.members.of(ADA).follows
    teacher.click("Look here")
    assert ada.look().page.session_state["config"].nodes == 40
    ada.click("Return")
    assert ada.page.session_state["config"].nodes == PRESETS["demo"].config.nodes
    reloaded = Visit(ADA, nodes=40)  # a reload takes nobody away
    assert reloaded.page.session_state["config"].nodes == 40
    teacher.click("Let go")
    assert "Your teacher is" not in markdown(ada.look())


def test_what_an_earlier_class_has_left_leads_nobody_without_a_teachers_key(room, monkeypatch):
    room.members.join(ADA)
    room.guide.lead("Learn", {"picture": "slopes"})
    monkeypatch.delenv("UNROLL_TEACHER_KEY")
    visitor.teacher_key.clear()
    ada = Visit(ADA)
    assert "picture" not in ada.page.session_state
    assert "Your teacher is" not in markdown(ada)


def test_without_a_teachers_key_a_store_of_a_class_that_cannot_be_opened_costs_no_page(monkeypatch):
    def broken():
        raise StoreError("The store of the classroom cannot be opened.")

    monkeypatch.setattr(visitor, "open_classroom", broken)
    visit = Visit(ADA, **TINY)
    assert visit.said("error") == []
    assert "Start" in visit.allowed()


def test_who_cannot_leave_for_a_full_disk_is_told_so(room, monkeypatch):
    def full(*_):
        raise StoreError("The disk is full.")

    room.members.join(ADA)
    room.guide.lead("Learn", {})
    ada = Visit(ADA)
    monkeypatch.setattr(type(room.members), "follow", full)
    ada.click("Leave")
    assert ada.said("error") == ["The disk is full."]
    assert "Your teacher is at **Learn**" in markdown(ada)


def test_who_follows_arrives_at_the_step_the_tab_and_the_place_in_the_text(room):
    room.members.join(ADA)
    teacher = Visit(TEACHER, **TINY, steps=6, report_every=3)
    run = teacher.train_to_the_end()
    library().flush()
    ada = Visit(ADA, **TINY, steps=9)
    ada.page.switch_page("views/sample.py")
    ada.look()
    ada.page.button_group(key="sample_part").set_value("Surprise")
    ada.look()
    teacher.page.switch_page("views/sample.py")
    teacher.look()
    teacher.page.button_group(key="sample_part").set_value("Step through")
    teacher.look()
    teacher.page.slider(key="sample_temperature_a").set_value(0.5)
    teacher.look()
    for _ in range(3):
        teacher.click("Forward")
    teacher.click("Look here")
    ada.look()
    assert f"Run {run.run_id} stood at step 6." in markdown(ada)
    state = ada.page.session_state
    assert [state[key] for key in ("run_id", "sample_part", "sample_source_a")] == [
        *(run.run_id, "Step through", f"run:{run.run_id}")
    ]
    assert (state["sample_place"], state["sample_temperature_a"]) == (4, 0.5)
    assert ada.said("warning") == []
    for card in ("reach", "t1"):  # also to another card of a page that one was on before
        teacher.page.switch_page("views/article.py")
        teacher.page.session_state["card"] = card
        teacher.look().click("Look here")
        assert ada.look().page.session_state["card"] == card
    ada.click("Leave")
    assert ada.page.session_state["sample_part"] == "Surprise"


def test_a_run_is_handed_in_by_whoever_trained_it_and_taken_back(room):
    room.members.join(ADA, "Ada")
    ada = Visit(ADA, **TINY, steps=6, report_every=3)
    run = ada.train_to_the_end()
    library().flush()
    ada.look().click("Hand in")
    assert [one.run_id for one in room.hand_ins.of(ADA)] == [run.run_id]
    assert not {"Hand in", "Handed in: undo"} & set(labels(Visit(BOB, run=run.run_id)))
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Hand-ins")
    table = teacher.look().page.dataframe[0].value
    assert table[["Name", "Run", "Steps"]].values.tolist() == [["Ada", run.run_id, 6]]
    ada.click("Handed in: undo")
    assert room.hand_ins.all() == []


def test_a_deleted_run_is_not_handed_in_and_one_that_is_deleted_later_says_so(room, as_):
    ada = Visit(ADA, **TINY, steps=6, report_every=3)
    run = ada.train_to_the_end()
    library().flush()
    ada.look().click("Hand in")
    library().shelf().delete(run.run_id)
    ada.page.switch_page("views/classroom.py")
    assert list(ada.look().page.dataframe[0].value["Settings"]) == ["deleted meanwhile"]
    as_(ADA)
    with pytest.raises(RunError, match=f"^Run {run.run_id} was deleted: hand in one that you"):
        commands.hand_in(run.run_id)


def test_runs_that_were_handed_in_and_deleted_leave_room_for_others(room, as_):
    as_(ADA)
    room.members.join(ADA)
    for place in range(MOST_RUNS):
        room.hand_ins.hand_in(ADA, f"cafe000{place}")  # gone for good
    run = Visit(ADA, **TINY, steps=6, report_every=3).train_to_the_end()
    library().flush()
    commands.hand_in(run.run_id)
    assert [one.run_id for one in room.hand_ins.of(ADA)] == [run.run_id]


def test_a_class_is_forgotten_only_once_it_is_confirmed(room):
    room.members.join(ADA, "Ada")
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Hand-ins")
    teacher.look()
    (forget,) = [b for b in teacher.page.button if b.key == "class_forget_go"]
    assert forget.disabled
    teacher.page.checkbox(key="class_forget_sure").check()
    teacher.look().click("Forget this class")
    assert room.members.all() == []
    assert "Join" in labels(Visit(ADA))


def test_all_who_follow_see_the_teachers_race_and_command_none_of_it(room):
    room.members.join(ADA)
    teacher = Visit(TEACHER, **ENDLESS)
    teacher.page.switch_page("views/compare.py")
    teacher.look().click("Start the race")
    teacher.click("Look here")
    race = races().current(TEACHER)
    ada = Visit(ADA)
    assert ada.page.session_state["race_id"] == race.race_id
    assert "This race was started in another browser, which alone commands it." in markdown(ada)
    assert {"tanh", "ReLU"} <= {line["name"] for line in ada.chart("Loss")["data"]}
    (stop,) = [button for button in ada.page.button if button.label == "Stop all"]
    assert stop.disabled
    assert "Your own races" not in labels(ada.click("Your own races"))
    assert race.snapshot.active
    for run in race.runs:
        run.stop()


def test_the_teacher_ends_a_students_race_by_its_link_and_is_not_told_that_they_guessed(room):
    room.members.join(ADA)
    ada = Visit(ADA, **ENDLESS)
    ada.page.switch_page("views/compare.py")
    ada.look()
    ada.page.toggle(key="race_predict").set_value(True)
    ada.look().page.radio(key="guess_leader").set_value(1)
    ada.look().click("Start the race")
    race = races().current(ADA)
    kept = "Your guess is kept, and shown at the end."
    assert kept in ada.said("caption")
    teacher = Visit(TEACHER)
    teacher.page.switch_page("views/compare.py")
    teacher.look().page.session_state["race_id"] = race.race_id
    teacher.look()
    assert "as the teacher you command it, too." in markdown(teacher)
    assert kept not in teacher.said("caption")
    teacher.click("Stop all")
    assert race.wait(30).stopped
    assert "You guessed" in {n for d in ada.look().page.dataframe for n in d.value}
    assert "You guessed" not in {n for d in teacher.look().page.dataframe for n in d.value}


def test_the_walks_questions_are_put_to_a_room_with_what_recorded_runs_measured(room, recordings):
    room.members.join(ADA)
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Ask")
    offered = teacher.look().page.selectbox(key="ask_from").options
    assert [title.split(":")[0] for title in offered[3:]] == [
        *("The recorded race", "The recorded sweep"),
        *(f"The walk, step {n}" for n in (1, 3, 4, 5, 6, 8)),
    ]
    for title in offered[6:10]:
        teacher.page.selectbox(key="ask_from").select(title)
        teacher.look().click("Ask the room")
        asked = room.questions.current()
        ada = Visit(ADA)
        assert "recorded" in asked.outcome.lower()
        assert asked.outcome not in markdown(ada)
        assert bool(asked.options) == (title in offered[8:10])
    teacher.page.switch_page("views/learn.py")
    teacher.look().click("Lock")
    assert outcome(teacher).value == asked.outcome
    teacher.click("Show what was answered")
    assert f"**Outcome:** {asked.outcome}" in markdown(ada.look())


def test_what_is_recorded_is_proposed_beside_the_questions_that_are_about_it(room, monkeypatch):
    monkeypatch.setenv("UNROLL_RECORDED", "1")
    teacher = classroom_page(TEACHER)
    teacher.page.button_group(key="classroom_part").set_value("Ask")
    teacher.look()
    outcomes = {}
    for title in ("The recorded race", "The recorded sweep"):
        choice = teacher.page.selectbox(key="ask_from")
        choice.select(next(option for option in choice.options if option.startswith(title)))
        teacher.look().click("Ask the room")
        asked = room.questions.current()
        assert asked.outcome == ""  # it is looked for when it is revealed
        teacher.click("Lock")
        outcomes[title] = (outcome(teacher).value, asked.options)
    told, lanes = outcomes["The recorded race"]
    assert told.startswith("Recorded: ")
    assert "at the end" in told
    race, _ = recorded_race()
    assert lanes[:-1] == tuple(lane_names([lane.config for lane in race.snapshot.lanes]))
    assert outcomes["The recorded sweep"][0].startswith("Recorded: ")


def test_the_outcome_of_a_race_is_proposed_once_the_race_has_ended(room):
    teacher = Visit(TEACHER, **TINY, steps=6, report_every=3)
    teacher.page.switch_page("views/compare.py")
    teacher.look()
    teacher.page.number_input(key="race_amount_characters_seen").set_value(480)
    teacher.look().click("Start the race")
    asked = room.questions.put("Which?", ["tanh", "ReLU"], about="race")
    for run in races().current(TEACHER).runs:
        run.wait(30)
    room.questions.lock(asked.number)
    assert "at the end" in outcome(teacher.look()).value
    other = room.questions.put("Which?", ["N 8", "N 16"], about="race")  # than the one that ended
    room.questions.lock(other.number)
    assert outcome(teacher.look()).value == ""
