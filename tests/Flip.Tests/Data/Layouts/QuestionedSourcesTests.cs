using Flip.Data;
using Flip.Data.Layouts;
using Flip.Data.Questions;

namespace Flip.Tests.Data.Layouts;

public sealed class QuestionedSourcesTests : IDisposable
{
    private const string Questions = "v2_OpenEnded_mscoco_val2014_questions.json";
    private const string Annotations = "v2_mscoco_val2014_annotations.json";

    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_have_questions_beside_their_images_and_those_without_are_passed_over_and_counted()
    {
        _folder.Shard(
            "test-0000.tar",
            "json",
            "{\"questions\": [{\"id\": 7, \"question\": \"What is this?\", \"answers\": [\"a dog\", 2]}, {\"id\": \"b\", \"question\": \"Is it red?\", \"answers\": [\"no\"], \"answer_type\": \"yes/no\"}]}"u8.ToArray(),
            "{\"caption\": \"nothing is asked\"}"u8.ToArray(),
            "{\"questions\": []}"u8.ToArray(),
            "{\"questions\": [{\"question\": \"How many?\", \"answer\": \"3\"}]}"u8.ToArray());
        var said = new List<string>();
        var set = QuestionedSources.Open(_folder.Path, new LayoutOptions { Source = new SourceOptions { Say = said.Add } }, TestContext.Current.CancellationToken);
        Assert.Equal(["test-0000/s0000000", "test-0000/s0000003"], set.Images.Keys());
        LayoutFolder.AssertReadable(set.Images);
        Assert.Equal(
            [("7", 0, "What is this?", "a dog,2", null), ("b", 0, "Is it red?", "no", "yes/no"), ("test-0000/s0000003#0", 1, "How many?", "3", (string?)null)],
            set.Questions.Select(question => (question.Id, question.Image, question.Question, string.Join(',', question.Answers), question.AnswerType)));
        Assert.Equal(2, set.WithoutQuestion);
        Assert.Equal("Passed over: 2 of 4 images, about which nothing is asked.", Assert.Single(said));
    }

    [Theory]
    [InlineData("{\"questions\": [{\"id\": 1, \"question\": \"x?\", \"answers\": []}]}", "question 1: the question 'x?' has no answer")]
    [InlineData("{\"questions\": [{\"id\": 1, \"question\": \"x?\", \"answers\": [\" \"]}]}", "has no answer")]
    [InlineData("{\"questions\": [{\"id\": 1, \"question\": \" \", \"answers\": [\"y\"]}]}", "question 1: the question is blank")]
    [InlineData("{\"questions\": [{\"id\": 1, \"answers\": [\"y\"]}]}", "has no text 'question'")]
    [InlineData("{\"questions\": [{\"id\": [], \"question\": \"x?\", \"answers\": [\"y\"]}]}", "its 'id' is neither")]
    [InlineData("{\"questions\": [{\"id\": 1, \"question\": \"x?\", \"answers\": [[]]}]}", "an answer is neither")]
    [InlineData("{\"questions\": [{\"id\": 1, \"question\": \"x?\", \"answers\": [\"y\"]}, {\"id\": \"1\", \"question\": \"z?\", \"answers\": [\"y\"]}]}", "question 2: the id '1' is there twice")]
    [InlineData("{\"questions\": {}}", "'questions' is no list")]
    [InlineData("[]", "it is no object")]
    [InlineData("{\"questions\": [", "cannot be read")]
    [InlineData("{}", "The shards have no questions")]
    public void A_sample_that_cannot_be_used_is_named(string json, string problem)
    {
        _folder.Shard("dev-0000.tar", "json", System.Text.Encoding.UTF8.GetBytes(json));
        var message = Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.File("dev-*.tar"))).Message;
        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.Contains("'s0000000' in", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_official_files_are_joined_by_their_ids_with_the_answers_of_ten_people()
    {
        Official();
        var set = QuestionedSources.Open(_folder.Path);
        Assert.Equal(["COCO_val2014_000000000042.jpg", "COCO_val2014_000000000009.jpg"], set.Images.Keys());
        Assert.Equal([("420", 0, "yes/no"), ("90", 1, "other"), ("421", 0, "number")], set.Questions.Select(question => (question.Id, question.Image, question.AnswerType!)));
        Assert.All(set.Questions, question => Assert.Equal(10, question.Answers.Count));
        Assert.Equal(["no", "yes"], set.Questions[0].Answers.Distinct().Order());
    }

    [Fact]
    public void Questions_of_a_test_split_are_read_where_nothing_is_scored()
    {
        _folder.Image("test2015/COCO_test2015_000000000042.jpg")
            .Text("v2_OpenEnded_mscoco_test-dev2015_questions.json", "{\"data_subtype\": \"test-dev2015\", \"questions\": [{\"image_id\": 42, \"question\": \"What?\", \"question_id\": 420}]}");
        var file = _folder.File("v2_OpenEnded_mscoco_test-dev2015_questions.json");
        Assert.Empty(Assert.Single(QuestionedSources.Open(file, new LayoutOptions { AllowNoAnswer = true }).Questions).Answers);
        Assert.Contains("v2_mscoco_test-dev2015_annotations.json' are not there", Assert.Throws<ConfigException>(() => QuestionedSources.Open(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Annotations, "\"question_id\": 421", "\"question_id\": 422", "question 421: ")]
    [InlineData(Questions, "\"question_id\": 421", "\"question_id\": 422", "question 422: ")]
    [InlineData(Questions, ", {\"image_id\": 42, \"question\": \"How many?\", \"question_id\": 421}", "", "answers to 1 questions that")]
    [InlineData(Annotations, "\"image_id\": 9", "\"image_id\": 8", "question 90: it is about the image 9, and its answers in")]
    [InlineData(Annotations, "\"question_id\": 90", "\"question_id\": 420", "the question 420 is there twice")]
    [InlineData(Annotations, "\"question_id\": 90", "\"id\": 90", "behind its entry 1")]
    [InlineData(Annotations, "\"annotations\"", "\"notes\"", "it has no list 'annotations'")]
    [InlineData(Annotations, "\"answer\": \"red\"", "\"answer\": 5", "cannot be read")]
    [InlineData(Questions, "\"questions\": [", "\"questions\": [5, ", "an entry of 'questions' is no object")]
    [InlineData(Questions, "]}", "", "cannot be read behind its entry 3")]
    [InlineData(Questions, "\"image_id\": 9", "\"image_id\": 10", "about the image 10")]
    public void What_is_wrong_with_the_official_files_is_named(string file, string was, string becomes, string problem)
    {
        Official();
        var text = File.ReadAllText(_folder.File(file));
        Assert.Contains(was, text, StringComparison.Ordinal);
        File.WriteAllText(_folder.File(file), text.Replace(was, becomes, StringComparison.Ordinal));
        var message = Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.Path)).Message;
        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_longer_than_what_is_held_at_a_time_are_read_whole()
    {
        _folder.Image("val2014/COCO_val2014_000000000001.jpg");
        var ids = Enumerable.Range(1, 5000).ToList();
        _folder.Text(Questions, "\uFEFF{\"info\": {\"questions\": [1, 2]}, \"questions\": [" + string.Join(",\n", ids.Select(id => $"{{\"image_id\": 1, \"question\": \"Is it {id}?\", \"question_id\": {id}}}")) + "], \"license\": {}}");
        _folder.Text(Annotations, "{\"annotations\": [" + string.Join(", ", ids.Select(id => $"{{\"image_id\": 1, \"question_id\": {id}, \"answers\": [{{\"answer\": \"{id}\", \"answer_id\": 1}}]}}")) + "]}");
        var set = QuestionedSources.Open(_folder.Path);
        Assert.Equal(ids.Select(id => ($"{id}", $"Is it {id}?", $"{id}")), set.Questions.Select(question => (question.Id, question.Question, Assert.Single(question.Answers))));
    }

    [Theory]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,\"What, here?\",a dog\n\n2.jpg,What?,\"[\"\"red\"\", \"\"blue\"\"]\"", "2:What, here?:a dog 4:What?:red/blue")]
    [InlineData("test.csv", "id;question;answers;file;answer_type\nq1;What, here?;a dog;1.jpg;other\nq2;What?;[\"red\"];2.jpg;", "q1:What, here?:a dog:other q2:What?:red")]
    [InlineData("list.tsv", "Question\tImage\tAnswer\nWhat, here?\t1.jpg\ta dog\nWhat?\t2.jpg\tred", "2:What, here?:a dog 3:What?:red")]
    [InlineData("questions.jsonl", "{\"image\": \"1.jpg\", \"question\": \"What, here?\", \"answer\": \"a dog\"}\n{\"image\": \"2.jpg\", \"question_id\": 5, \"question\": \"What?\", \"answers\": [\"red\", \"blue\"], \"answer_type\": \"other\"}", "1:What, here?:a dog 5:What?:red/blue:other")]
    public void Lists_are_read(string name, string text, string expected)
    {
        _folder.Image("1.jpg").Image("2.jpg").Text(name, text);
        var set = QuestionedSources.Open(name.StartsWith("list", StringComparison.Ordinal) ? _folder.File(name) : _folder.Path);
        Assert.Equal(["1.jpg", "2.jpg"], set.Images.Keys());
        Assert.Equal(expected, string.Join(' ', set.Questions.Select(question => $"{question.Id}:{question.Question}:{string.Join('/', question.Answers)}{(question.AnswerType is null ? "" : $":{question.AnswerType}")}")));
    }

    [Theory]
    [InlineData("questions.csv", "1.jpg,What?,red", "has no header that names its columns")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?", "questions.csv, line 2: it has 2 columns, and the header 3")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?,red\n,What?,red", "line 3: it names no image")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?,red|blue", "line 2: the answer 'red|blue' has a '|': write several answers as a JSON list")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?,[red]", "line 2: the answers '[red]' are no JSON list of texts")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?,", "line 2: the question 'What?' has no answer")]
    [InlineData("questions.csv", "image,question\n1.jpg,What?", "line 2: the question 'What?' has no answer")]
    [InlineData("questions.csv", "image,question,answer,id\n1.jpg,What?,red,5\n1.jpg,Who?,red,5", "line 3: the id '5' is there twice")]
    [InlineData("questions.csv", "image,question,answer\n", "has no line with a question")]
    [InlineData("questions.csv", "image,question,answer\n3.jpg,What?,red", "line 2: the image '3.jpg' is in none of the folders")]
    [InlineData("questions.csv", "image,question,answer\n1.jpg,What?,red\n3.jpg,What?,red", "'3.jpg'")]
    [InlineData("questions.jsonl", "{\"image\": \"1.jpg\", \"question\": \"What?\", \"answer\": \"red\"}\n{\"question\": \"What?\", \"answer\": \"red\"}", "questions.jsonl, line 2: it has no text 'image'")]
    [InlineData("questions.jsonl", "{\"image\": \"1.jpg\", \"question\": 5, \"answer\": \"red\"}", "line 1: a question has no text 'question'")]
    [InlineData("questions.jsonl", "{\"image\": ", "line 1: ")]
    public void A_line_that_cannot_be_used_is_named(string name, string text, string problem)
    {
        _folder.Image("1.jpg").Text(name, text);
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_leads_outside_its_folder_is_refused()
    {
        _folder.Image("a/1.jpg").Image("2.jpg").Text("a/questions.csv", "image,question,answer", "1.jpg,What?,red", "../2.jpg,What?,red");
        Assert.Contains("lies outside the folder", Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.File("a"))).Message, StringComparison.Ordinal);
        Assert.Equal(2, QuestionedSources.Open(_folder.File("a"), new LayoutOptions { Source = new SourceOptions { AllowOutside = true } }).Images.Count);
    }

    [Fact]
    public void What_a_stranger_could_make_large_is_bounded()
    {
        _folder.Image("1.jpg").Text("questions.jsonl", $"{{\"image\": \"1.jpg\", \"question\": \"What?\", \"answers\": [{string.Join(", ", Enumerable.Repeat("\"x\"", 1001))}]}}");
        Assert.Contains("line 1: the question has 1001 answers, and may have 1000", Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.Path)).Message, StringComparison.Ordinal);

        _folder.Text("x_questions.json", $"{{\"questions\": [{{\"image_id\": 1, \"question_id\": 1, \"question\": \"{new string('a', 1 << 24)}\"}}]}}");
        var file = _folder.File("x_questions.json");
        Assert.Contains("a value has more than 16,777,216 bytes", Assert.Throws<ConfigException>(() => QuestionedSources.Open(file, new LayoutOptions { AllowNoAnswer = true })).Message, StringComparison.Ordinal);

        var records = new QuestionRecords(allowNoAnswer: false, most: 150);
        records.Add("1", 0, new AskedQuestion(null, "what?", ["yes", "yes"], null), () => "here");
        records.Add("2", 0, new AskedQuestion(null, "what?", ["yes"], null), () => "here");
        Assert.Contains(
            "there: the questions have more than 150 characters together",
            Assert.Throws<ConfigException>(() => records.Add("3", 0, new AskedQuestion(null, "what?", [new string('b', 99)], null), () => "there")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_source_is_told_what_one_is()
    {
        var error = Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.Path)).Message;
        Assert.All(["v2_OpenEnded_mscoco_test2014_questions.json", "questions.csv", "test-*.tar"], part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.Contains("is no source of images with questions", Assert.Throws<ConfigException>(() => QuestionedSources.Open(_folder.File("x"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data/vqa-yesno", 800, 1171)]
    [InlineData("data/daquar", 95, 837)]
    public void The_real_ones_open_as_shards(string folder, int images, int questions)
    {
        var set = QuestionedSources.Open(SharedData.Require(folder));
        Assert.Equal((images, questions), (set.Images.Count, set.Questions.Count));
        Assert.Null(QuestionSplits.Shared(QuestionedSources.Open(SharedData.Require(folder), new LayoutOptions { Split = SplitNames.Train }), set, TestContext.Current.CancellationToken));
    }

    private void Official()
    {
        string Asked(int image, string question, int id) => $"{{\"image_id\": {image}, \"question\": \"{question}\", \"question_id\": {id}}}";
        string Answered(int image, int id, string type, params string[] answers) => $"{{\"question_type\": \"what\", \"multiple_choice_answer\": \"x\", \"answers\": [{string.Join(", ", answers.Index().Select(answer => $"{{\"answer\": \"{answer.Item}\", \"answer_confidence\": \"yes\", \"answer_id\": {answer.Index + 1}}}"))}], \"image_id\": {image}, \"answer_type\": \"{type}\", \"question_id\": {id}}}";
        _folder.Image("val2014/COCO_val2014_000000000042.jpg").Image("val2014/COCO_val2014_000000000009.jpg")
            .Text(Questions, $"{{\"info\": {{\"year\": 2017}}, \"task_type\": \"Open-Ended\", \"data_subtype\": \"val2014\", \"questions\": [{Asked(42, "Is it?", 420)}, {Asked(9, "What?", 90)}, {Asked(42, "How many?", 421)}]}}")
            .Text(Annotations, $"{{\"info\": {{}}, \"annotations\": [{Answered(42, 421, "number", [.. Enumerable.Repeat("2", 10)])}, {Answered(9, 90, "other", [.. Enumerable.Repeat("red", 10)])}, {Answered(42, 420, "yes/no", [.. Enumerable.Repeat("yes", 9), "no"])}]}}");
    }
}
