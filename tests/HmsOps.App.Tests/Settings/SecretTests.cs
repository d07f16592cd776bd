using HmsOps.App.Settings;
using HmsOps.Simulation.Time;

namespace HmsOps.App.Tests.Settings;

public sealed class SecretTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("hms-ops-secrets-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public void A_secret_prints_three_stars_however_it_is_formatted()
    {
        var secret = new Secret("hunter2");
        Assert.Equal("*** *** ***", $"{secret} {string.Join(' ', [secret])} {secret.ToString()}");
        Assert.Equal("Found { Secret = *** }", new SecretOutcome.Found(secret).ToString());
        Assert.Equal("hunter2", secret.Reveal());
        Assert.Equal(secret, new Secret("hunter2"));
        Assert.Equal("", default(Secret).Reveal());
    }

    [Theory]
    [InlineData("listed_env", "from-env")]
    [InlineData("listed_file", "from-file")]
    [InlineData("listed_program", "from program")]
    [InlineData("in-data", "from-data")]
    [InlineData("in-variable", "from-variable")]
    [InlineData("unset", "the variable HMS_SECRET_UNSET is not set")]
    [InlineData("gone", "cannot be read")]
    [InlineData("empty", "is empty")]
    [InlineData("failing", "ended with 3")]
    [InlineData("no_program", "cannot be started")]
    [InlineData("../escape", "no name of a secret")]
    public async Task A_secret_is_fetched_where_the_settings_say(string name, string expected)
    {
        Directory.CreateDirectory(Path.Combine(_data.FullName, "secrets"));
        await File.WriteAllTextAsync(Path.Combine(_data.FullName, "secrets", "in-data"), "from-data\n", CancellationToken.None);
        var listed = Path.Combine(_data.FullName, "listed");
        await File.WriteAllTextAsync(listed, "from-file\r\n", CancellationToken.None);
        await File.WriteAllTextAsync(listed + ".empty", "\n", CancellationToken.None);
        var read = Assert.IsType<SettingsOutcome.Read>(SettingsReader.Read(new SettingsSources
        {
            WorkingDirectory = _data.FullName,
            SystemTimeZone = TimeZoneInfo.Utc,
            Flags = new Dictionary<string, string>
            {
                ["--data"] = _data.FullName,
                ["--secrets"] = $"{{listed_env: env:MINE, listed_file: 'file:{listed}', gone: 'file:{listed}.gone', empty: 'file:{listed}.empty', "
                    + "listed_program: [/bin/echo, from program], failing: [/bin/sh, -c, exit 3], no_program: [/nowhere/at/all]}",
            },
        }));
        var environment = new Dictionary<string, string> { ["MINE"] = "from-env", ["HMS_SECRET_IN_VARIABLE"] = "from-variable" };

        var outcome = await new SecretReader(read.Settings, environment, VirtualTime.OnFridayAfternoon()).ReadAsync(name, CancellationToken.None);

        Assert.Contains(expected, outcome switch
        {
            SecretOutcome.Found found => found.Secret.Reveal(),
            SecretOutcome.Missing missing => missing.Why,
            _ => "",
        });
    }
}
