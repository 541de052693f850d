using System.Text;
using Flip.Data;
using Flip.Data.Classes;

namespace Flip.Tests.Data;

public sealed class UnicodeNameTests
{
    private static readonly string Nfd = "ünï".Normalize(NormalizationForm.FormD);

    [Fact]
    public void Names_that_look_the_same_are_equal_and_in_one_order()
    {
        Assert.NotEqual("ünï", Nfd);
        Assert.Equal("ünï", Nfd, UnicodeName.Comparer);
        Assert.Equal(UnicodeName.Comparer.GetHashCode("ünï"), UnicodeName.Comparer.GetHashCode(Nfd));
        Assert.NotEqual("ünï", "uni", UnicodeName.Comparer);
        Assert.True(UnicodeName.Compare("z", Nfd) < 0); // as the composed form, not as its "u"
    }

    [Fact]
    public void What_cannot_be_composed_stays_as_it_is()
    {
        Assert.Equal("a\ud800b", UnicodeName.Composed("a\ud800b"));
        var marks = "a" + new string('\u0301', 200_000); // the square of it would take minutes
        Assert.Same(marks, UnicodeName.Composed(marks));
        Assert.Equal("ünï?", UnicodeName.Shown(Nfd + "\u001b"));
    }

    [Fact]
    public void Classes_are_found_by_either_form_and_marks_that_make_no_letter_count()
    {
        var table = new ClassTable(ClassEntry.OfNames(["Crème brûlée", "कि", "का", "𠀀 a", "𠀁 a"]));
        Assert.Equal(0, table.Find("Crème brûlée".Normalize(NormalizationForm.FormD)));
        Assert.Equal(0, table.Find("crème_brûlée".Normalize(NormalizationForm.FormD)));
        Assert.Equal([1, 2], new[] { "कि", "का" }.Select(table.Find));
        Assert.Equal([3, 4], new[] { "𠀀_A", "𠀁_A" }.Select(table.Find));
        Assert.Null(table.Find("Creme brulee"));
    }

    [Fact]
    public void A_name_of_two_classes_is_told_as_such()
    {
        var table = new ClassTable(ClassEntry.OfNames(["crane", "emu", "crane"]));
        Assert.Null(table.Find("crane"));
        Assert.Equal("is two or more of the 3 classes, so it tells none", table.Describe("crane"));
        Assert.Equal("is none of the 3 classes, such as 'crane', 'emu', 'crane'", table.Describe("dog"));
        Assert.Equal(1, new ClassTable([new("crane", ["bird"]), new("machine", ["crane"])]).Find("crane")); // an alias is a folder's name
        Assert.Equal([(0, 2)], ClassTable.Alike(table.Names));
        Assert.Equal([(0, 1), (0, 2)], ClassTable.Alike(["Apple Pie", "apple_pie", "apple-pie", "C++", "C#"]));
        Assert.Equal([(0, 1)], ClassTable.Alike(["ünï", Nfd]));
    }
}
