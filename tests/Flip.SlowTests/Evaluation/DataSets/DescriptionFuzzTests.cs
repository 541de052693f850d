using Flip.Evaluation.DataSets;
using Flip.Io;
using Flip.Tests.Data;

namespace Flip.SlowTests.Evaluation.DataSets;

/// <summary>Ten thousand damaged descriptions, whose classes lie in damaged files too: each is read, or refused with a message.</summary>
public sealed class DescriptionFuzzTests
{
    private const int Files = 10_000;

    private static readonly string[] Descriptions =
    [
        """
        {
          // comments are fine
          "name": "pond", "title": "My pond", "classes": {"file": "classes.json", "only": ["n2", "duck"]}, "templates": ["a photo of a {c}.", "{c}"],
          "metric": "meanPerClass", "split": "val", "trainSplit": "train", "images": 120, "ignoreOtherClasses": true, "videos": false, "notes": "two\nlines",
          "layouts": [{"kind": "list", "file": "{split}.txt", "images": "img", "pattern": "^(?<class>\\w+): (?<image>.+)$", "extension": ".jpg", "skipLines": 1, "firstNumber": 1},
            {"kind": "folders", "at": ["", "photos"]}, {"kind": "webDataset"}, {"kind": "idx", "at": ["raw"]}],
          "results": [{"model": "ours", "value": 50.5, "source": "here"}, {"model": "b", "value": 1, "source": "there", "measure": "linearProbe"}],
        }
        """,
        """{"task": "retrieval", "data": "shards/{0..9}.tar", "layouts": [{"kind": "karpathy", "file": "d.json", "images": ["", "img"]}, {"kind": "coco", "file": "c_{split}.json"}, {"kind": "captionList", "file": "c.csv"}]}""",
        """{"task": "multiLabel", "classes": ["cat", ["dog", "n01", "n02"], "hot dog"], "templates": "clip80", "layouts": [{"kind": "voc"}]}""",
        """{"classes": "classes.json", "metric": "rocAuc"}""",
    ];

    private const string Classes = """["duck", ["frog", "n2"], ["newt", "n1", "salamander"], "crème brûlée"]""";

    [Fact]
    public void A_damaged_description_is_read_or_refused_with_a_message()
    {
        var (read, refused) = (0, 0);
        for (var trial = 0; trial < Files; trial++)
        {
            var json = TextFile.Decode(TextMutation.Of(Descriptions[trial % Descriptions.Length], trial));
            try
            {
                var set = DescriptionReader.Read("fuzz", json, "fuzz.json", file => TextFile.Decode(TextMutation.Of(Classes, trial + file.Length)));
                Assert.True(set.Layouts.All(layout => layout.Describe(set.Split).Length > 0));
                Assert.DoesNotContain(set.Classes, entry => entry.Name.Any(char.IsControl));
                read++;
            }
            catch (ConfigException e)
            {
                Assert.StartsWith("fuzz.json", e.Problems[0], StringComparison.Ordinal);
                Assert.False(e.Message.Any(letter => char.IsControl(letter) && letter is not ('\r' or '\n')), e.Message);
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                throw new InvalidOperationException($"trial {trial}: {json}", e);
            }
        }

        Assert.True(read > 1000 && refused > 1000, $"{read} read, {refused} refused");
    }
}
